// Trains a small Llama-family model from a recipe and writes it as a Hugging Face folder.
#pragma once

#include <cstdint>
#include <string>

namespace splitwan::scenarios {

struct TrainOptions {
  std::string recipe;
  std::string output;  // folder: config.json, model.safetensors, tokenizer.model, training.json, training/
  double minutes = 0;  // > 0: stop after that much time; the schedule follows the recipe's steps all the same
  double save_minutes = 5;
  std::int64_t stop_at = 0;  // > 0: save and stop at this step
  bool json = false;         // the result on stdout
};

// Recipes of kinds del and soft-prompt: see del/. Returns the exit code: 0, or 128 + n when signal n stopped
// it (its state is saved first). Running it again with the same output folder resumes.
int train(const TrainOptions&);

}  // namespace splitwan::scenarios
