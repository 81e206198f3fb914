// Words cut where the script changes ("UnicodeScripts" of a tokenizer.json): kana counts as Han, and what no
// script owns, a space, goes with what stands before it.
#pragma once

#include <string>
#include <vector>

namespace splitwan::engine {

std::vector<std::string> split_at_scripts(const std::vector<std::string>& words, bool first);

}  // namespace splitwan::engine
