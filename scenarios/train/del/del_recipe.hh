// What `splitwan train` is told of a recipe of kind "del": maps to train around a frozen model.
#pragma once

#include "scenarios/train/del/frozen_recipe.hh"

namespace splitwan::scenarios {

struct DelRecipe : FrozenRecipe {
  DelRecipe() { windows = 2048, batch = 8; }
  int depth = 0;        // layers before the maps
  int width = 32;       // of the latent, d
  double clip = 0.05;   // c: what the mechanism will clamp latents to
  double inside = 0.8;  // share of latents within the clip, before training
};

bool is_del_recipe(const engine::Json&);
std::vector<engine::SchemaKey> del_recipe_schema();
// Throws Error naming the file and key.
DelRecipe read_del_recipe(const std::string& path);

}  // namespace splitwan::scenarios
