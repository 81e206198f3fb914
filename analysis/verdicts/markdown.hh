// A gate as GitHub-flavoured Markdown, for summaries and comments.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// Fit for a cell of a table: one line; nothing in it is markup, mentions anybody or refers to an issue.
std::string markdown_text(std::string_view);

// Verdict, table of what differs (the worst first), notes; folded: the first differing steps, and all rows.
// At most so many bytes, of which at least 4096 are asked for; what is left out is counted.
std::string markdown_page(const GateResult&, std::size_t most_bytes);

}  // namespace splitwan::analysis
