// How many tokens a network names that learned, from texts which the model itself wrote, what the rows of one
// node say of all of them: of the node's own and, by what attention mixed into these and by what texts are
// like, of those between them.
#pragma once

#include "analysis/attacks/cascade/infill_rows.hh"
#include "analysis/attacks/exam/jobs.hh"
#include "engine/base/json.hh"

namespace splitwan::attacks {

struct InfillOptions {
  std::size_t texts = 8000;  // that the attacker has the model write
  int tokens = 48;           // of each, begin-of-text included; no held-out text is longer
  int epochs = 2;            // over them
  int batch = 16;            // texts a step
  double rate = 3e-3;
  std::uint64_t seed = 1;
};

// A row a view: {node, alpha, cluster, layer, documents, then as a control, controls}. A control and the
// view: {seen, unseen: {tokens, top1, top1_ci90}, or null where there are none; tokens, top1, top1_ci90,
// rouge_l, exact: of both; pairs: (row, token) learned from, each time counted; forward_passes: rows through
// the model's layers to make them; seconds}. The first token is known to all and asked of none. Controls, on
// the same tokens:
//   no_rows         the same network, taught with no row visible
//   all_rows        and with those of every position, as if nothing were sharded
//   unigram         the commonest token, always
//   greedy_text     the model's likeliest text from begin-of-text on: told nothing
//   language_model  its guess of each token, told all true ones before it
// Views are learned side by side, each on one thread: the figures are the same with any number of them.
// Throws Error naming what it cannot use, and Stopped.
std::vector<engine::Json> infill(const Pieces&, std::span<const Text> held_out, std::span<const InfillView>,
                                 const InfillOptions&, Workers&);

}  // namespace splitwan::attacks
