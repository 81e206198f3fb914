// What `splitwan train` is told of a recipe of kind "del": maps to train around a frozen model.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/schema.hh"
#include "scenarios/train/recipe.hh"

namespace splitwan::scenarios {

struct DelRecipe : Schedule {
  std::string model;    // folder, frozen
  int depth = 0;        // layers before the maps
  int width = 32;       // of the latent, d
  double clip = 0.05;   // c: what the mechanism will clamp latents to
  double inside = 0.8;  // share of latents within the clip, before training
  int windows = 2048;   // of text that the model writes itself, at temperature 1
  int held_out = 64;    // more of them, for the figures
  int context = 128, batch = 8;
  std::uint64_t seed = 1;
  int threads = 1;
  engine::Json text;  // the recipe as written
};

bool is_del_recipe(const engine::Json&);
std::vector<engine::SchemaKey> del_recipe_schema();
// Throws Error naming the file and key.
DelRecipe read_del_recipe(const std::string& path);

}  // namespace splitwan::scenarios
