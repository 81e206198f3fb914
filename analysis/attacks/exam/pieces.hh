// A model in pieces, one per layer, so that it can be cut anywhere and looked into at every cut. A row's bits
// are those that the whole stack gives (tests/analysis/attacks/attack_collect_test.cc).
#pragma once

#include <mutex>

#include "analysis/attacks/exam/smooth.hh"
#include "engine/layers/model_ends.hh"

namespace splitwan::attacks {

using engine::Token;

class Pieces {
 public:
  explicit Pieces(const std::string& folder, engine::Storage = engine::Storage::automatic);

  const engine::ModelConfig& config() const { return checkpoint_->config(); }
  const engine::LayerStack& layer(int i) const { return layers_[static_cast<std::size_t>(i)]; }
  at::Tensor embed(std::span<const Token> ids) const { return ends_->embed(ids); }
  at::Tensor logits(const at::Tensor& hidden) const { return ends_->logits(hidden); }
  // All of it for autograd, read when it is first asked for.
  const SmoothModel& smooth() const;

 private:
  std::unique_ptr<engine::Checkpoint> checkpoint_;
  std::unique_ptr<engine::ModelEnds> ends_;
  std::vector<engine::LayerStack> layers_;
  mutable std::once_flag read_;
  mutable SmoothModel smooth_;
};

// One context's keys and values in layers [0, end).
class Session {
 public:
  Session(const Pieces&, int end);

  void begin(const std::vector<std::int32_t>& parent);
  void grow(std::span<const std::int32_t> parent);
  void commit(std::span<const std::int32_t> rows);
  void commit_all();
  // x: rows of the open step as layer `from` takes them -> as layer `to` would; x is overwritten.
  at::Tensor through(at::Tensor x, int from, int to);
  int committed() const { return committed_; }

 private:
  const Pieces& pieces_;
  std::vector<engine::KvCache> caches_;
  int rows_ = 0, committed_ = 0;
};

// Parents of a chain of so many rows; of as many rows that all follow the committed context.
std::vector<std::int32_t> chain(std::size_t rows);
std::vector<std::int32_t> leaves(std::size_t rows);

}  // namespace splitwan::attacks
