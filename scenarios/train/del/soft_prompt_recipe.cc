#include "scenarios/train/del/soft_prompt_recipe.hh"

#include <filesystem>

#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

namespace {

using Soft = SoftPromptRecipe;

struct SoftReading : Soft {
  std::string file;
};
using SoftRow = engine::KeyRow<SoftReading>;

template <typename Owner, typename T>
SoftRow number(const char* key, const char* type, T Owner::*member, std::type_identity_t<T> least,
               std::type_identity_t<T> most, const char* help) {
  return {{key, type, fmt::format("{}", Soft().*member), help},
          [=](SoftReading& t, ObjectReader& r, const std::string& name) {
            const T value = t.*member = r.get(name, t.*member);
            if (!(value >= least && value <= most))
              throw Error("{}: expected {} to {}, found {}", r.path(name), least, most, value);
          }};
}

// Seen from the recipe's folder.
SoftRow path(const char* key, const char* type, std::string Soft::*member, bool needed, const char* help) {
  return {{key, type, needed ? "" : "none", help},
          [=](SoftReading& t, ObjectReader& r, const std::string& name) {
            const auto said = needed ? r.need<std::string>(name) : r.get<std::string>(name, "");
            const std::filesystem::path folder = std::filesystem::path(t.file).parent_path();
            t.*member = said.empty() ? "" : (folder / said).lexically_normal().string();
          }};
}

std::vector<SoftRow> soft_keys() {
  constexpr std::int64_t most_steps = 1'000'000'000;
  return {
      {{"kind", "soft-prompt", "", "rows in front of a frozen model that reads through maps and noise (DEL)"},
       [](SoftReading&, ObjectReader& r, const std::string& key) { r.need<std::string>(key); }},
      path("model", "folder", &Soft::model, true, "of the model that stays as it is"),
      path("weights", "folder", &Soft::weights, true, "of the maps, which stay as they are"),
      number("mu", "number", &Soft::mu, 1e-3, 1e4, "of the mechanism's noise, a row"),
      number("bits", "whole number", &Soft::bits, 1, 16, "of a coordinate on the wire"),
      {{"noise", "true or false", "true", "false: through the maps alone, to compare with"},
       [](SoftReading& t, ObjectReader& r, const std::string& key) { t.noise = r.get(key, t.noise); }},
      number("cap", "number", &Soft::cap, 0, 1e6, "largest length of a latent as it is read; 0: any"),
      {{"continuation", "clean or noisy", Soft().continuation,
        "noisy: every row goes through the mechanism, not the prompt's alone"},
       [](SoftReading& t, ObjectReader& r, const std::string& key) {
         t.continuation = r.get(key, t.continuation);
         if (t.continuation != "clean" && t.continuation != "noisy")
           throw Error("{}: expected clean or noisy, found {}", r.path(key), t.continuation);
       }},
      {{"imitate", "true or false", "true",
        "what the undefended model thinks of the next token; false: the token itself, as published"},
       [](SoftReading& t, ObjectReader& r, const std::string& key) { t.imitate = r.get(key, t.imitate); }},
      number("tail", "layers", &Soft::tail, 0, 1000,
             "at the end, which rows reach without the soft prompt's"),
      number("tokens", "whole number", &Soft::tokens, 1, 4096, "of the soft prompt: its rows"),
      path("start", "file", &Soft::start, false,
           "of a soft prompt to start from; without: random rows, the first the beginning-of-text token's"),
      number("windows", "whole number", &Soft::windows, 1, 1 << 20, "of text, which the model writes"),
      number("chosen_on", "whole number", &Soft::chosen_on, 1, 1 << 20,
             "windows on which the best prompt of the way is told"),
      number("held_out", "whole number", &Soft::held_out, 2, 1 << 20, "windows for the figures alone"),
      number("context", "tokens", &Soft::context, 2, 1 << 16, "of a window"),
      number("batch", "windows", &Soft::batch, 1, 1 << 16, "of a step"),
      {{"steps", "whole number", "", "of training, at most"},
       [](SoftReading& t, ObjectReader& r, const std::string& key) {
         t.steps = r.whole<std::int64_t>(key, 1, most_steps);
       }},
      number("evaluate_every", "steps", &Soft::evaluate_every, 1, 1 << 20,
             "between looks at the windows chosen on"),
      number("patience", "whole number", &Soft::patience, 1, 1 << 20,
             "looks without a better prompt that end it"),
      number("warmup", "steps", &Soft::warmup, 0, most_steps, "in which the rate grows to its peak"),
      number("learning_rate", "number", &Soft::learning_rate, 1e-9, 10, "at its peak, in units of the rows"),
      number("minimum_rate", "number", &Soft::minimum_rate, 0, 10, "where the cosine ends"),
      number("seed", "whole number", &Soft::seed, 0, ~std::uint64_t{0},
             "of the text, the start, the noise and the order of windows"),
      number("threads", "whole number", &Soft::threads, 1, 1024,
             "compute threads; any number gives the same"),
  };
}

}  // namespace

bool is_soft_prompt_recipe(const Json& json) {
  return json.is_object() && json.contains("kind") && json["kind"] == "soft-prompt";
}

std::vector<engine::SchemaKey> soft_prompt_recipe_schema() { return keys_of(soft_keys()); }

SoftPromptRecipe read_soft_prompt_recipe(const std::string& path) {
  SoftReading reading;
  reading.file = path;
  reading.text = engine::read_json_file(path);
  read_object(soft_keys(), reading, reading.text, path);
  if (reading.warmup >= reading.steps)
    throw Error("{}: warmup: expected below steps, {}, found {}", path, reading.steps, reading.warmup);
  return std::move(static_cast<SoftPromptRecipe&>(reading));
}

}  // namespace splitwan::scenarios
