// What the trusted side holds: the embedding, the first and last layers, the final norm and the head.
#pragma once

#include "engine/layers/layers.hh"

namespace splitwan::engine {

class ModelEnds {
 public:
  // The checkpoint must outlive it: embeddings are read from there.
  ModelEnds(Checkpoint&, LayerRange head, LayerRange tail, Storage = Storage::automatic, Placement = {});

  const ModelConfig& config() const { return config_; }
  const LayerStack& head() const { return head_; }
  const LayerStack& tail() const { return tail_; }

  // Throws Error on an id outside the vocabulary.
  at::Tensor embed(std::span<const Token>) const;  // [rows, width], on the device
  // [rows, width] -> [rows, vocabulary], on the host.
  at::Tensor logits(const at::Tensor& hidden) const { return output_->logits(hidden); }
  Work logits_work(Work tail, std::uint32_t rows) const;  // adds the head's cost to the tail's
  std::size_t bytes() const { return head_.bytes() + tail_.bytes() + output_->bytes(); }

 private:
  ModelConfig config_;
  TensorView embedding_;  // [vocabulary, width], as it lies on disk: only the rows that are used get read
  LayerStack head_, tail_;
  std::unique_ptr<const Head> output_;
};

}  // namespace splitwan::engine
