// What recipes around a model that stays as it is have in common: keys, and how a file of them is read.
#pragma once

#include <filesystem>

#include "engine/base/schema.hh"
#include "scenarios/train/recipe.hh"

namespace splitwan::scenarios {

struct FrozenRecipe : Schedule {
  std::string model;  // folder, frozen
  int windows = 512;  // of text that the model writes itself, at temperature 1
  int held_out = 64;  // more of them, for the figures
  int context = 128;  // tokens of a window
  int batch = 4;      // windows of a step
  std::uint64_t seed = 1;
  int threads = 1;
  engine::Json text;  // the recipe as written
};

template <typename Recipe>
struct FrozenReading : Recipe {
  std::string file;
};
template <typename Recipe>
using FrozenRow = engine::KeyRow<FrozenReading<Recipe>>;

template <typename Recipe, typename Owner, typename T>
FrozenRow<Recipe> frozen_number(const char* key, const char* type, T Owner::*member,
                                std::type_identity_t<T> least, std::type_identity_t<T> most,
                                const char* help) {
  return {{key, type, fmt::format("{}", Recipe().*member), help},
          [=](FrozenReading<Recipe>& t, engine::ObjectReader& r, const std::string& name) {
            const T value = t.*member = r.get(name, t.*member);
            if (!(value >= least && value <= most))
              throw engine::Error("{}: expected {} to {}, found {}", r.path(name), least, most, value);
          }};
}

// Seen from the recipe's folder.
template <typename Recipe, typename Owner>
FrozenRow<Recipe> frozen_path(const char* key, const char* type, std::string Owner::*member, bool needed,
                              const char* help) {
  return {{key, type, needed ? "" : "none", help},
          [=](FrozenReading<Recipe>& t, engine::ObjectReader& r, const std::string& name) {
            const auto said = needed ? r.need<std::string>(name) : r.get<std::string>(name, "");
            const std::filesystem::path folder = std::filesystem::path(t.file).parent_path();
            t.*member = said.empty() ? "" : (folder / said).lexically_normal().string();
          }};
}

// A kind's own keys, and those of all. `what_threads`: what more of them change.
template <typename Recipe>
std::vector<FrozenRow<Recipe>> with_common_keys(const char* kind, const char* help, const char* what_seed,
                                                const char* what_threads,
                                                std::vector<FrozenRow<Recipe>> own) {
  using Reading = FrozenReading<Recipe>;
  constexpr std::int64_t most_steps = 1'000'000'000;
  const auto number = [](auto... row) { return frozen_number<Recipe>(row...); };
  std::vector<FrozenRow<Recipe>> rows = {
      {{"kind", kind, "", help},
       [](Reading&, engine::ObjectReader& r, const std::string& key) { r.need<std::string>(key); }},
      frozen_path<Recipe>("model", "folder", &FrozenRecipe::model, true, "of the model that stays as it is"),
      number("windows", "whole number", &FrozenRecipe::windows, 1, 1 << 20,
             "of text, which the model writes"),
      number("held_out", "whole number", &FrozenRecipe::held_out, 2, 1 << 20,
             "windows for the figures alone"),
      number("context", "tokens", &FrozenRecipe::context, 2, 1 << 16, "of a window"),
      number("batch", "windows", &FrozenRecipe::batch, 1, 1 << 16, "of a step"),
      {{"steps", "whole number", "", "of training, at most"},
       [](Reading& t, engine::ObjectReader& r, const std::string& key) {
         t.steps = r.whole<std::int64_t>(key, 1, most_steps);
       }},
      number("warmup", "steps", &FrozenRecipe::warmup, 0, most_steps, "in which the rate grows to its peak"),
      number("learning_rate", "number", &FrozenRecipe::learning_rate, 1e-9, 10,
             "at its peak, in units of the rows"),
      number("minimum_rate", "number", &FrozenRecipe::minimum_rate, 0, 10, "where the cosine ends"),
      number("seed", "whole number", &FrozenRecipe::seed, 0, ~std::uint64_t{0}, what_seed),
      number("threads", "whole number", &FrozenRecipe::threads, 1, 1024, what_threads),
  };
  std::ranges::move(own, std::back_inserter(rows));
  return rows;
}

// Throws Error naming the file and key.
template <typename Recipe>
Recipe read_frozen_recipe(const std::vector<FrozenRow<Recipe>>& keys, const std::string& path) {
  FrozenReading<Recipe> reading;
  reading.file = path;
  reading.text = engine::read_json_file(path);
  read_object(keys, reading, reading.text, path);
  if (reading.warmup >= reading.steps)
    throw engine::Error("{}: warmup: expected below steps, {}, found {}", path, reading.steps,
                        reading.warmup);
  return std::move(static_cast<Recipe&>(reading));
}

}  // namespace splitwan::scenarios
