// One client of a generating server: its prompt's rows, then token after token, step by step, so that who
// calls may time the steps and let those of several sessions go together.
#pragma once

#include "engine/decode/text_order.hh"
#include "engine/drafters/sampler.hh"
#include "engine/layers/model_ends.hh"
#include "engine/serve/served.hh"
#include "engine/split/mechanism.hh"
#include "engine/split/passage.hh"

namespace splitwan::engine {

class TextSession : public ServedSession {
 public:
  // What is given must outlive it. Throws Error.
  TextSession(const ModelEnds& whole, const TextOrder&, const DelWeights&);
  std::uint64_t bytes() const override { return passage_.bytes() + path_.capacity() * sizeof(Token); }

  // Some rows of the prompt. Throws Error when there is something wrong with them.
  void take(const Message&);
  at::Tensor decode(const Message& m) const { return mechanism_.decode(m, whole_.head().device()); }
  // Once the prompt is through: the row of the token chosen last.
  bool writes() const { return writes_; }
  at::Tensor last_row() const { return whole_.embed(std::span(path_).last(1)); }

  void open(at::Tensor rows);  // of either; they are on their way
  Passage& passage() { return passage_; }
  // When they are through: the hidden row that says what comes next, [1, width]; undefined as long as the
  // prompt goes on.
  at::Tensor close();
  Message choose(std::span<const float> logits);  // -> a reply that holds the next token
  const char* end() const { return end_; }        // why the text ended with it; null: it goes on

  std::uint64_t written() const { return path_.size() - static_cast<std::size_t>(order_.prompt_tokens); }
  std::uint32_t context() const { return static_cast<std::uint32_t>(path_.size() - 1); }  // of the last row

  Work decoding(std::uint32_t rows) const { return mechanism_.work(rows); }
  Work layers() const;  // of the step that is to be opened, logits included where they are wanted
  Work choosing() const { return {Phase::verify, 1, 0, 0, 4.0 * whole_.config().vocabulary}; }

 private:
  const ModelEnds& whole_;
  TextOrder order_;
  Sampler sampler_;
  MechanismReader mechanism_;
  Passage passage_;
  std::uint32_t read_ = 0, step_ = 0;  // rows of the prompt so far; of the step, a soft prompt's included
  bool writes_ = false;                // logits are wanted of the step's last row
  std::vector<Token> path_;
  const char* end_ = nullptr;
};

}  // namespace splitwan::engine
