// DEL's soft prompt, trained under the mechanism's own noise: model and maps stay as they are, only the rows
// in front learn (arXiv 2602.11513).
#pragma once

#include <functional>

#include "engine/base/json.hh"
#include "scenarios/train/del/noisy_model.hh"
#include "scenarios/train/del/soft_prompt_recipe.hh"

namespace splitwan::scenarios {

// What the model writes; prompts of one model and seed may share it.
struct PromptText {
  WrittenText training, chosen_on, held_out;
};
PromptText text_for(const SoftPromptRecipe&);

NoisySetup setup_of(const SoftPromptRecipe&, const engine::DelWeights&);
at::Tensor tensor_of(const engine::SoftPrompt&);  // [P, b]; undefined where it has no rows

// Writes FOLDER/prompt-...safetensors (named as sessions look for it) and beside it its .json: perplexities
// on held-out text, and by how much the prompt's loss lies below that of none and of one that saw no noise,
// where the folder has one. Returns the latter. `stop` ends it early; the best so far is written.
engine::Json train_soft_prompt(const SoftPromptRecipe&, const std::string& folder,
                               const std::function<bool()>& stop, const PromptText* shared = nullptr);

}  // namespace splitwan::scenarios
