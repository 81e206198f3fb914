// What `splitwan train` is told of a recipe of kind "soft-prompt": rows to train in front of a frozen model
// that reads through maps and noise.
#pragma once

#include "scenarios/train/del/frozen_recipe.hh"

namespace splitwan::scenarios {

struct SoftPromptRecipe : FrozenRecipe {
  SoftPromptRecipe() { learning_rate = 0.03, minimum_rate = 1e-3; }
  std::string weights;  // folder of maps
  double mu = 20;
  int bits = 4;
  bool noise = true;  // false: through the maps alone, to compare with
  double cap = 0;     // largest length of a latent as it is read; 0: any
  std::string continuation = "clean";
  bool imitate = true;  // the undefended model's distribution; false: the text's tokens, as published
  int tail = 0;         // last layers, which rows reach without the prompt
  int tokens = 100;
  std::string start;   // another prompt's file; "": the model's rows of text
  int chosen_on = 16;  // windows besides: which of the prompts on the way is kept
  int evaluate_every = 25, patience = 4;
};

bool is_soft_prompt_recipe(const engine::Json&);
std::vector<engine::SchemaKey> soft_prompt_recipe_schema();
// Throws Error naming the file and key.
SoftPromptRecipe read_soft_prompt_recipe(const std::string& path);

}  // namespace splitwan::scenarios
