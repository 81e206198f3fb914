// The tokenized training mix and its held-out part.
#pragma once

#include <memory>

#include "engine/text/tokenizer.hh"
#include "scenarios/train/recipe.hh"

namespace splitwan::scenarios {

// Windows of `context` inputs and, one place on, their targets, row-major.
struct Windows {
  std::vector<std::int64_t> inputs, targets;
  std::vector<float> features;  // the teacher's at every input, [count, context, its width]; none without one
  int count = 0;
  int context() const { return static_cast<int>(inputs.size()) / count; }
};

class DataMix {
 public:
  // The last 2 % of each source, at least 4096 tokens (or a fifth of a source too small for that), are held
  // out. bos >= 0 begins every window, as it begins every prompt.
  DataMix(const Recipe&, const engine::Tokenizer&, engine::Token bos);

  // The windows of one training step: a function of the seed, the step and nothing else, so that a resumed
  // run needs no generator state.
  Windows sample(std::int64_t step) const { return sample(step, batch_); }
  Windows sample(std::int64_t step, int count) const;

  const std::vector<DataSource>& sources() const { return sources_; }
  // Up to `limit` windows spread evenly over what is held out of a source.
  Windows held_out(std::size_t source, int limit) const;
  std::int64_t training_tokens() const;
  bool begins_with_bos() const { return bos_ >= 0; }

 private:
  void append(Windows&, const std::vector<engine::Token>&, std::size_t begin) const;
  std::vector<DataSource> sources_;
  std::vector<std::vector<engine::Token>> training_, held_out_;
  int context_, batch_;
  std::uint64_t seed_;
  engine::Token bos_;
};

// The whole text of a source; question/answer pairs become "Question: ...\nAnswer: ...\n\n".
std::string read_source_text(const DataSource&);

// Trains a SentencePiece BPE vocabulary on the mix and writes it: identity normaliser, byte fallback, white
// space kept, newline and runs of 2, 4 and 8 spaces as symbols (source code is full of them).
void train_vocabulary(const Recipe&, const std::string& path);

}  // namespace splitwan::scenarios
