// A model that stays as it is, and text that it writes: what maps and soft prompts are trained around.
#pragma once

#include "scenarios/train/model.hh"

namespace splitwan::scenarios {

struct Frozen {
  engine::ModelConfig config;
  at::Tensor weights;
  LlamaViews model;
  int depth = 0;    // layers before the maps
  int context = 0;  // tokens of a window
  Rotary rotary;    // of the longest rows there are: a prefix's and a window's

  // Throws Error when the model has no layer behind the depth or fewer places than prefix and context.
  Frozen(const std::string& folder, int depth, int context, int prefix = 0);

  // Rows [windows * places, width] through layers [span).
  at::Tensor layers(const at::Tensor& x, LayerSpan span, std::int64_t windows, int places) const;
  // ids [windows, context] -> rows before the maps, without gradient.
  at::Tensor before(const at::Tensor& ids) const;
  // Of those rows, or what is made of them: sum of the next tokens' losses, nats.
  at::Tensor loss_sum(const at::Tensor& x, const at::Tensor& targets) const;
};

// Windows of text, and what the model that wrote them thought at every place.
struct WrittenText {
  at::Tensor ids;            // [count, context + 1]
  at::Tensor features = {};  // f16 [count, context, width], the head's input; undefined where others wrote
};
// At temperature 1: numbers `first` and up of a seed's.
WrittenText written_text(const std::string& model, int count, int context, std::uint64_t seed,
                         std::uint64_t first);

}  // namespace splitwan::scenarios
