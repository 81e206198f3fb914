// What `splitwan attack` recovered, arranged for people: the Privacy section of a report.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::analysis {

// The file that `splitwan attack -o` wrote. Throws Error naming the file, the key and what was expected
// there.
engine::Json read_attacks(const std::string& path);

// {schema_version, kind "privacy", model, documents, link, compute, partial, cells, views, speed}. A cell is
// one attacker at one place, over its seeds:
//   {cut, target, weights_known, depth, attacker, control, kind, defence, seeds, pairs, tokens, documents,
//   top1, top5, exact, rouge_l, bleu, top1_digits, top1_names, top1_rare, forward_passes, seconds}
// A view is what one kind of adversary may do at one cut: {cut, target, weights_known, cells (indices),
// defences, remarks}; a defence is {defence, depth, strongest, best_control, perplexity, undefended,
// tokens_per_s, tokens_per_s_without}.
engine::Json privacy_data(const engine::Json& attacks);

}  // namespace splitwan::analysis
