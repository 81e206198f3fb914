// What a training run is between two steps, and its files.
#pragma once

#include "scenarios/train/model.hh"

namespace splitwan::scenarios {

struct TrainState {
  std::int64_t step = 0;    // steps done
  std::int64_t tokens = 0;  // seen
  double seconds = 0;       // of wall time, earlier sessions included
  double loss = 0;          // training loss, nats per token, smoothed over about 50 steps
  at::Tensor weights, first,
      second;  // flat; AdamW's moments. The sampler needs no state: it depends on the step
};

// A checkpoint's tensors in the trainer's order, as f32. Throws Error naming one that is absent or misshapen.
at::Tensor read_weights(const std::string& folder, const engine::ModelConfig&);

// Starts from the recipe's init folder, or afresh.
TrainState first_state(const Recipe&, const engine::ModelConfig&);

// OUTPUT/training/state.json names the tensors' file; it is replaced last, so an interruption at any moment
// leaves a whole state.
void save_state(const std::string& output, const TrainState&);
bool has_state(const std::string& output);
TrainState load_state(const std::string& output, const engine::ModelConfig&);

// config.json and model.safetensors (f16), in Hugging Face's layout.
void export_model(const std::string& output, const engine::ModelConfig&, const at::Tensor& weights);

}  // namespace splitwan::scenarios
