// A gate as GitHub-flavoured Markdown, for summaries and comments.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// Verdict, table of what differs (the worst first), notes; folded: the first differing steps, and all rows.
// At most so many bytes, of which at least 4096 are asked for; what is left out is counted.
std::string markdown_page(const GateResult&, std::size_t most_bytes);

}  // namespace splitwan::analysis
