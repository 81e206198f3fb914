#include "scenarios/train/del/soft_prompt_recipe.hh"

namespace splitwan::scenarios {
namespace {

using Soft = SoftPromptRecipe;
using engine::ObjectReader;

FrozenRow<Soft> flag(const char* key, bool Soft::*member, const char* help) {
  return {{key, "true or false", fmt::format("{}", Soft().*member), help},
          [=](FrozenReading<Soft>& t, ObjectReader& r, const std::string& name) {
            t.*member = r.get(name, t.*member);
          }};
}

std::vector<FrozenRow<Soft>> soft_keys() {
  const auto number = [](auto... row) { return frozen_number<Soft>(row...); };
  return with_common_keys<Soft>(
      "soft-prompt", "rows in front of a frozen model that reads through maps and noise (DEL)",
      "of the text, the start, the noise and the order of windows",
      "compute threads; any number gives the same",
      {frozen_path<Soft>("weights", "folder", &Soft::weights, true, "of the maps, which stay as they are"),
       number("mu", "number", &Soft::mu, 1e-3, 1e4, "of the mechanism's noise, a row"),
       number("bits", "whole number", &Soft::bits, 1, 16, "of a coordinate on the wire"),
       flag("noise", &Soft::noise, "false: through the maps alone, to compare with"),
       number("cap", "number", &Soft::cap, 0, 1e6, "largest length of a latent as it is read; 0: any"),
       {{"continuation", "clean or noisy", Soft().continuation,
         "noisy: every row goes through the mechanism, not the prompt's alone"},
        [](FrozenReading<Soft>& t, ObjectReader& r, const std::string& key) {
          t.continuation = r.get(key, t.continuation);
          if (t.continuation != "clean" && t.continuation != "noisy")
            throw engine::Error("{}: expected clean or noisy, found {}", r.path(key), t.continuation);
        }},
       flag("imitate", &Soft::imitate,
            "what the undefended model thinks of the next token; false: the token itself, as published"),
       number("tail", "layers", &Soft::tail, 0, 1000,
              "at the end, which rows reach without the soft prompt's"),
       number("tokens", "whole number", &Soft::tokens, 1, 4096, "of the soft prompt: its rows"),
       frozen_path<Soft>("start", "file", &Soft::start, false,
                         "of a soft prompt to start from; without: random rows, the first the "
                         "beginning-of-text token's"),
       number("chosen_on", "whole number", &Soft::chosen_on, 1, 1 << 20,
              "windows on which the best prompt of the way is told"),
       number("evaluate_every", "steps", &Soft::evaluate_every, 1, 1 << 20,
              "between looks at the windows chosen on"),
       number("patience", "whole number", &Soft::patience, 1, 1 << 20,
              "looks without a better prompt that end it")});
}

}  // namespace

bool is_soft_prompt_recipe(const engine::Json& json) {
  return json.is_object() && json.value("kind", engine::Json()) == "soft-prompt";
}

std::vector<engine::SchemaKey> soft_prompt_recipe_schema() { return keys_of(soft_keys()); }

SoftPromptRecipe read_soft_prompt_recipe(const std::string& path) {
  return read_frozen_recipe(soft_keys(), path);
}

}  // namespace splitwan::scenarios
