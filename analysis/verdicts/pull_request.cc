#include "analysis/verdicts/pull_request.hh"

#include "analysis/verdicts/markdown.hh"

namespace splitwan::analysis {

std::string pull_request_comment(const GateResult& result) {
  const std::string begin = std::string(comment_marker) + "\n";
  return begin + markdown_page(result, most_comment_bytes - begin.size());
}

}  // namespace splitwan::analysis
