#include "scenarios/train/del/del_recipe.hh"

#include <filesystem>

#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

namespace {

struct Reading : DelRecipe {
  std::string file;
};

template <typename T, typename Owner>
auto within(T Owner::*member, T least, T most) {
  return [=](Reading& t, ObjectReader& r, const std::string& key) {
    const T value = t.*member = r.get(key, t.*member);
    if (!(value >= least && value <= most))
      throw Error("{}: expected {} to {}, found {}", r.path(key), least, most, value);
  };
}

std::vector<engine::KeyRow<Reading>> keys() {
  const DelRecipe usual;
  const auto said = [](const auto& value) { return fmt::format("{}", value); };
  return {
      {{"kind", "del", "", "maps for the binomial mechanism (DEL), trained around a frozen model"},
       [](Reading&, ObjectReader& r, const std::string& key) { r.need<std::string>(key); }},
      {{"model", "folder", "", "of the model that stays as it is"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         const std::filesystem::path folder = std::filesystem::path(t.file).parent_path();
         t.model = (folder / r.need<std::string>(key)).lexically_normal().string();
       }},
      {{"depth", "layers", said(usual.depth), "before the maps"}, within(&DelRecipe::depth, 0, 1000)},
      {{"width", "whole number", said(usual.width), "coordinates of a latent"},
       within(&DelRecipe::width, 1, 65536)},
      {{"clip", "number", said(usual.clip), "what latents are clamped to"},
       within(&DelRecipe::clip, 1e-6, 1e3)},
      {{"inside", "share", said(usual.inside), "of the latents within the clip, before training"},
       within(&DelRecipe::inside, 0.01, 1.0)},
      {{"windows", "whole number", said(usual.windows), "of text, which the model writes"},
       within(&DelRecipe::windows, 1, 1 << 20)},
      {{"held_out", "whole number", said(usual.held_out), "windows that nothing is learned from"},
       within(&DelRecipe::held_out, 1, 1 << 20)},
      {{"context", "tokens", said(usual.context), "of a window"}, within(&DelRecipe::context, 2, 1 << 16)},
      {{"batch", "windows", said(usual.batch), "of a step"}, within(&DelRecipe::batch, 1, 1 << 16)},
      {{"steps", "whole number", "", "of training"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.steps = r.whole<std::int64_t>(key, 1, 1'000'000'000);
       }},
      {{"warmup", "steps", said(usual.warmup), "in which the rate grows to its peak"},
       within(&DelRecipe::warmup, std::int64_t{0}, std::int64_t{1'000'000'000})},
      {{"learning_rate", "number", said(usual.learning_rate), "at its peak"},
       within(&DelRecipe::learning_rate, 1e-9, 10.0)},
      {{"minimum_rate", "number", said(usual.minimum_rate), "where the cosine ends"},
       within(&DelRecipe::minimum_rate, 0.0, 10.0)},
      {{"seed", "whole number", said(usual.seed), "of the text, the maps and the order of windows"},
       within(&DelRecipe::seed, std::uint64_t{0}, ~std::uint64_t{0})},
      {{"threads", "whole number", said(usual.threads), "compute threads; one repeats bit for bit"},
       within(&DelRecipe::threads, 1, 1024)},
  };
}

}  // namespace

bool is_del_recipe(const Json& json) {
  return json.is_object() && json.contains("kind") && json["kind"] == "del";
}

std::vector<engine::SchemaKey> del_recipe_schema() { return keys_of(keys()); }

DelRecipe read_del_recipe(const std::string& path) {
  Reading reading{{}, path};
  reading.text = engine::read_json_file(path);
  read_object(keys(), reading, reading.text, path);
  if (reading.warmup >= reading.steps)
    throw Error("{}: warmup: expected below steps, {}, found {}", path, reading.steps, reading.warmup);
  return std::move(static_cast<DelRecipe&>(reading));
}

}  // namespace splitwan::scenarios
