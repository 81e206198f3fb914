// The held-out texts: read, decoded through a split, and turned into questions.
#pragma once

#include "analysis/attacks/exam/metrics.hh"
#include "analysis/attacks/exam/options.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::attacks {

// At most o.document_limit to be attacked; `others` are for whoever trains in private. Throws Error naming
// the file when there are fewer than two.
struct HeldOut {
  std::vector<Prompted> prompts;
  std::vector<Text> others;
};
HeldOut read_held_out(const Options&, const engine::Tokenizer&, const engine::ModelConfig&);

// Per token of the vocabulary.
struct TokenKinds {
  std::vector<bool> digit, rare;
};
TokenKinds token_kinds(const engine::Tokenizer&, const std::vector<double>& frequencies, double rare);

// Which rows of a document ask for a token: of `current` all but the begin-of-text token's; of `next` those
// whose next token the model chose (what follows inside a prompt is the next row's current token already).
std::size_t first_row(const Document&, Target);
std::size_t questions(const Document&, Target);
at::Tensor asked(const at::Tensor& rows, const Document&, Target);  // of a document's rows
Truth truth_of(const Document&, Target, const TokenKinds&);

}  // namespace splitwan::attacks
