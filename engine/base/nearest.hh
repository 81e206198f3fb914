// For "did you mean". C++17.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace splitwan::engine {

// The known word nearest to `word` ("" when none is near).
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace splitwan::engine
