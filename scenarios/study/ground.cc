#include "scenarios/study/ground.hh"

#include <ATen/ATen.h>

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;
using engine::DelWeights;
using engine::Json;

constexpr std::uint64_t held_out_from = 5u << 20;  // of the windows that the model writes: no training's

// Where soft prompts of these maps are, or will be.
DelWeights weights_of(const DelOptions& o, const std::string& maps) {
  const DelWeights given = engine::read_del_weights(maps);
  if (!o.training) return given;
  const fs::path folder = fs::path((*o.training)["folder"].get<std::string>()) / name_of_maps(maps);
  fs::create_directories(folder);
  for (const char* file : {"training.json", "projection.safetensors"}) {
    const fs::path from = fs::path(maps) / file, to = folder / file;
    if (!fs::exists(to)) fs::copy_file(from, to);
    if (engine::read_text_file(from.string()) != engine::read_text_file(to.string()))
      throw engine::Error("{}: soft prompts of other maps than {}: expected the same file", to.string(),
                          maps);
  }
  Json recipe = *o.training;
  recipe["tail"] = o.tail, recipe["cap"] = o.cap;
  recipe.erase("folder");
  const std::string said = (folder / "recipe.json").string();
  if (!fs::exists(said)) engine::write_file(said, recipe.dump(1) + "\n");
  if (engine::read_json_file(said) != recipe)
    throw engine::Error("{}: soft prompts of another recipe: name another folder, or empty it", said);
  return engine::read_del_weights(folder.string());
}

NoisySetup setup(const DelOptions& o, const DelWeights& weights) {
  const bool ours = o.trust == engine::Trust::ours;
  return {.weights = weights, .cap = o.cap, .noisy_continuation = ours, .tail = o.tail};
}

// Whole windows of a text, begin-of-text token first.
at::Tensor windows_of(const std::string& file, const engine::Tokenizer& tokenizer,
                      const engine::ModelConfig& c, int context, int most) {
  const auto ids = tokenizer.encode(engine::read_text_file(file));
  const std::size_t each = static_cast<std::size_t>(context) + (c.bos >= 0 ? 0 : 1);
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(most), ids.size() / each);
  if (count < 2) throw engine::Error("{}: expected 2 windows of {} tokens or more", file, context);
  at::Tensor windows = at::empty({static_cast<std::int64_t>(count), context + 1}, at::kLong);
  auto* to = windows.data_ptr<std::int64_t>();
  const std::size_t apart = ids.size() / count;  // from all over the text
  for (std::size_t i = 0; i < count; ++i) {
    if (c.bos >= 0) *to++ = c.bos;
    to = std::copy_n(ids.begin() + static_cast<std::ptrdiff_t>(i * apart), each, to);
  }
  return windows;
}

}  // namespace

Ground::Ground(const DelOptions& o, const std::string& maps, const engine::Tokenizer& tokenizer)
    : options_(o),
      weights_(weights_of(o, maps)),
      frozen_(o.model, weights_.depth, o.context, engine::read_model_config(o.model).context - o.context),
      clean_(frozen_, {.weights = weights_, .maps = false}) {
  add_text("written by the model", written_text(o.model, o.held_out, o.context, o.seed, held_out_from));
  maps_only_ = perplexity(judge(judging(texts_.front()), model({}), {}), o.seed).value;
  for (const std::string& file : o.corpora) {
    if (fs::exists(file))
      add_text(fs::path(file).filename().string(),
               {windows_of(file, tokenizer, frozen_.config, o.context, o.held_out)});
    else
      absent_.push_back(file);
  }
}

void Ground::add_text(const std::string& name, const WrittenText& windows) {
  Text text{name, prompted(windows, options_.seed, held_out_from), {}};
  text.clean = judge({text.windows, nullptr, options_.threads}, clean_, {});
  texts_.push_back(std::move(text));
}

engine::BinomialSpec Ground::spec(double mu, int bits) const {
  return {mu, bits, weights_.maps->width, weights_.clip};
}

NoisyModel Ground::model(const std::optional<engine::BinomialSpec>& noise) const {
  NoisySetup s = setup(options_, weights_);
  s.noise = noise;
  return {frozen_, std::move(s)};
}

at::Tensor Ground::soft_prompt(const engine::BinomialSpec& spec, const std::string& kind, const Stop& stop) {
  const std::string file = engine::soft_prompt_file(spec, kind);
  if (file.empty()) return {};
  if (options_.training && !fs::exists(fs::path(weights_.folder) / file))
    train(spec, kind, started(stop), weights_.folder, stop);
  return tensor_of(engine::read_soft_prompt_for(weights_, spec, kind));
}

std::string Ground::started(const Stop& stop) {
  const fs::path folder = fs::path(weights_.folder) / "start";
  const fs::path file = folder / engine::soft_prompt_file({}, "noiseless");
  if (!fs::exists(file)) train(spec(20, 4), "noiseless", "", folder.string(), stop);
  return fs::absolute(file).string();
}

void Ground::train(const engine::BinomialSpec& spec, const std::string& kind, const std::string& start,
                   const std::string& to, const Stop& stop) {
  const fs::path unfinished = fs::path(weights_.folder) / "unfinished";
  Json recipe = *options_.training;
  recipe.erase("folder");
  recipe.update({{"kind", "soft-prompt"},
                 {"model", fs::absolute(options_.model).string()},
                 {"weights", fs::absolute(weights_.folder).string()},
                 {"mu", spec.mu},
                 {"bits", spec.bits},
                 {"noise", kind != "noiseless"},
                 {"continuation", kind == "noisy" ? "noisy" : "clean"},
                 {"tail", options_.tail},
                 {"cap", options_.cap},
                 {"threads", options_.threads}});
  if (!start.empty()) recipe["start"] = start;
  fs::create_directories(unfinished);
  const std::string written = (unfinished / "recipe.json").string();
  engine::write_file(written, recipe.dump(1) + "\n");
  const SoftPromptRecipe read = read_soft_prompt_recipe(written);
  if (!training_text_) training_text_ = text_for(read);
  train_soft_prompt(read, unfinished.string(), stop, &*training_text_);
  if (stop()) throw attacks::Stopped{};
  fs::create_directories(to);
  const fs::path file = engine::soft_prompt_file(spec, kind),
                 card = fs::path(file).replace_extension(".json");
  fs::rename(unfinished / card, to / card);
  fs::rename(unfinished / file, to / file);
}

}  // namespace splitwan::scenarios
