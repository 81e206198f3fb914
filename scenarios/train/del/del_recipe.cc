#include "scenarios/train/del/del_recipe.hh"

namespace splitwan::scenarios {
namespace {

std::vector<FrozenRow<DelRecipe>> del_keys() {
  const auto number = [](auto... row) { return frozen_number<DelRecipe>(row...); };
  return with_common_keys<DelRecipe>(
      "del", "maps for the binomial mechanism (DEL), trained around a frozen model",
      "of the text, the maps and the order of windows", "compute threads; one repeats bit for bit",
      {number("depth", "layers", &DelRecipe::depth, 0, 1000, "before the maps"),
       number("width", "whole number", &DelRecipe::width, 1, 65536, "coordinates of a latent"),
       number("clip", "number", &DelRecipe::clip, 1e-6, 1e3, "what latents are clamped to"),
       number("inside", "share", &DelRecipe::inside, 0.01, 1.0,
              "of the latents within the clip, before training")});
}

}  // namespace

bool is_del_recipe(const engine::Json& json) {
  return json.is_object() && json.value("kind", engine::Json()) == "del";
}

std::vector<engine::SchemaKey> del_recipe_schema() { return keys_of(del_keys()); }

DelRecipe read_del_recipe(const std::string& path) { return read_frozen_recipe(del_keys(), path); }

}  // namespace splitwan::scenarios
