// What may be said in words about one kind of adversary: nothing but what the file's rows show.
#pragma once

#include "engine/base/json.hh"

namespace splitwan::analysis {

// Sentences about a view of privacy_data and its cells. Where the evidence of one is not in the file, that
// one is left out.
engine::Json privacy_remarks(const engine::Json& view, const engine::Json& cells);

}  // namespace splitwan::analysis
