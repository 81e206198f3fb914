// Text as token ids, and what the server sees of it.
#pragma once

#include <optional>

#include "analysis/attacks/exam/crossing.hh"
#include "analysis/attacks/exam/pieces.hh"

namespace splitwan::attacks {

enum class Cut : std::uint8_t { input, output };
enum class Target : std::uint8_t { current, next };
std::string_view name_of(Cut);
std::string_view name_of(Target);

// Where the server's layers begin and end, symmetric: `depth` layers stay with the client at each end.
struct Split {
  int depth = 0;
  Crossing crossing;
};

// A text that was prompted, and continued by the model.
struct Prompted {
  std::vector<Token> prompt;  // begin-of-text token first
  std::vector<bool> name;     // of the prompt's tokens: inside a listed name
};

// One such text through a split model, row by row, as the server met it.
struct Document {
  std::vector<Token> ids;   // of the rows that were kept, the prompt's first
  std::vector<Token> next;  // what came after each
  std::size_t prompt = 0;   // rows of it
  std::vector<bool> name;
  std::vector<Token> rejected;                 // guessed rows that were not kept
  at::Tensor input, output;                    // [ids.size(), width]: what came, what went back
  at::Tensor rejected_input, rejected_output;  // [rejected.size(), width]

  const at::Tensor& rows(Cut cut) const { return cut == Cut::input ? input : output; }
  const at::Tensor& rejected_rows(Cut cut) const {
    return cut == Cut::input ? rejected_input : rejected_output;
  }
};

// Prompt, then `new_tokens` greedy ones with n-gram speculation: prefill, decode and rejected rows are all
// there. What came is decoded from the wire. What went back is the server's own result, before the wire
// rounds it for the client: it has that, whatever it sends.
Document decode(const Pieces&, const Split&, const Prompted&, int new_tokens);

// Its first rows only; nothing that was rejected.
Document first_rows(const Document&, std::size_t count);

// Kept rows only, all given beforehand: for training.
struct Text {
  std::vector<Token> ids;     // begin-of-text token first
  std::vector<Token> greedy;  // what the model would put after each; empty = not computed
};
// States before layer l of each l in `layers` (layers = all of them: after the last) of texts [begin, end),
// below each other: [rows, width].
std::vector<at::Tensor> states(const Pieces&, std::span<const Text>, std::span<const int> layers);
// What the server sees of them through a split: input and output.
std::pair<at::Tensor, at::Tensor> seen(const Pieces&, const Split&, std::span<const Text>);

}  // namespace splitwan::attacks
