// A gate as a comment under a pull or merge request.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

constexpr std::string_view comment_marker = "<!-- splitwan-gate -->";  // its first line: a bot finds it again
constexpr std::size_t most_comment_bytes = 65536;                      // GitHub's limit, in characters

std::string pull_request_comment(const GateResult&);

}  // namespace splitwan::analysis
