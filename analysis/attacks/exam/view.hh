// One defence at one depth, as one attacker meets it: what is under attack, and what the attacker has.
#pragma once

#include "analysis/attacks/exam/corpus.hh"
#include "analysis/attacks/exam/options.hh"

namespace splitwan::attacks {

// Pairs for the learned attackers.
struct Pairs {
  at::Tensor input, output;  // [pairs, width]
  at::Tensor current, next;  // [pairs], tokens
  const at::Tensor& rows(Cut cut) const { return cut == Cut::input ? input : output; }
  const at::Tensor& labels(Target target) const { return target == Target::current ? current : next; }
};

struct View {
  Defence defence;
  int depth = 0;
  std::vector<int> depths;  // that a session may have: `depth`, or several to be drawn from
  bool weights_known = true;
  const Pieces* victim = nullptr;
  const Pieces* attacker = nullptr;  // the weights that the attacker has
  std::uint64_t seed = 1;

  std::shared_ptr<const void> own;  // keeps the victim, where it was changed

  std::vector<Document> documents;  // the held-out ones
  std::vector<int> document_depth;  // of each
  Pairs pairs;                      // of defended views; undefended ones use the corpus' states

  bool defended() const { return defence.name != "none"; }
  // The split of session i; `stream` keeps the sessions of one use apart from another's.
  Split split(std::uint64_t stream, std::size_t i) const;
};

void decode_documents(View&, const std::vector<Prompted>&, int new_tokens);
void make_pairs(View&, std::span<const Text>);
// The tokens of texts as labels.
void add_labels(Pairs&, std::span<const Text>);

// exp of the mean negative log likelihood of the prompts' tokens through the split.
double perplexity(const View&, const std::vector<Prompted>&);

}  // namespace splitwan::attacks
