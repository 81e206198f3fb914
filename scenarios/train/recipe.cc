#include "scenarios/train/recipe.hh"

#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

namespace {

std::string seen_from(const std::string& recipe, const std::string& path) {
  return (std::filesystem::path(recipe).parent_path() / path).lexically_normal().string();
}

void must(bool holds, const std::string& where, std::string_view expected) {
  if (!holds) throw Error("{}: expected {}", where, expected);
}

engine::ModelConfig read_model(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  engine::ModelConfig c;
  for (const auto& [key, field] : {std::pair{"layers", &c.layers},
                                   {"width", &c.width},
                                   {"heads", &c.heads},
                                   {"kv_heads", &c.kv_heads},
                                   {"head_dim", &c.head_dim},
                                   {"ffn", &c.ffn},
                                   {"context", &c.context}}) {
    *field = reader.need<int>(key);
    must(*field > 0, reader.path(key), "a positive number");
  }
  c.rope_theta = reader.get("rope_theta", c.rope_theta);
  c.rms_eps = reader.get("rms_eps", c.rms_eps);
  c.tied = reader.get("tied", true);
  reader.done();
  must(c.heads % c.kv_heads == 0, reader.path("kv_heads"), "a divisor of heads");
  must(c.head_dim % 2 == 0, reader.path("head_dim"), "an even number");
  return c;
}

DataSource read_source(const Json& json, const std::string& where, const std::string& recipe) {
  ObjectReader reader(json, where);
  DataSource source;
  source.name = reader.need<std::string>("name");
  source.path = seen_from(recipe, reader.need<std::string>("path"));
  source.weight = reader.get("weight", source.weight);
  const auto format = reader.get<std::string>("format", "text");
  reader.done();
  must(source.weight > 0, reader.path("weight"), "a positive number");
  must(format == "text" || format == "jsonl-qa", reader.path("format"),
       "text or jsonl-qa, found '" + format + "'");
  source.questions = format == "jsonl-qa";
  return source;
}

Teaching read_teaching(const Json& json, const std::string& where, const std::string& recipe) {
  ObjectReader reader(json, where);
  Teaching t;
  t.model = seen_from(recipe, reader.need<std::string>("model"));
  t.weight = reader.get("weight", t.weight);
  t.temperature = reader.get("temperature", t.temperature);
  t.windows = reader.need<int>("windows");
  t.corpus_share = reader.get("corpus_share", t.corpus_share);
  t.text_temperatures = reader.get("text_temperatures", t.text_temperatures);
  const auto prompt = reader.get("prompt_tokens", std::vector<int>{t.shortest_prompt, t.longest_prompt});
  reader.done();
  must(t.weight > 0 && t.weight <= 1, reader.path("weight"), "more than 0 and at most 1");
  must(t.temperature > 0, reader.path("temperature"), "a positive number");
  must(t.windows > 0, reader.path("windows"), "a positive number");
  must(t.corpus_share >= 0 && t.corpus_share <= 1, reader.path("corpus_share"), "0 to 1");
  bool sensible = !t.text_temperatures.empty();
  for (const double temperature : t.text_temperatures) sensible = sensible && temperature >= 0;
  must(sensible, reader.path("text_temperatures"), "a list of at least one number, 0 or above");
  must(prompt.size() == 2 && prompt[0] >= 1 && prompt[0] <= prompt[1], reader.path("prompt_tokens"),
       "[shortest, longest], at least 1");
  t.shortest_prompt = prompt[0];
  t.longest_prompt = prompt[1];
  return t;
}

void read_tokenizer(const Json& json, const std::string& path, Recipe& r) {
  if (json.is_string()) {
    r.tokenizer = seen_from(path, json.get<std::string>());
    return;
  }
  ObjectReader reader(json, path + ": tokenizer");
  const Json train = reader.need<Json>("train");
  ObjectReader inner(train, path + ": tokenizer.train");
  r.train_vocabulary = inner.need<int>("vocabulary");
  inner.done();
  reader.done();
  must(r.train_vocabulary >= 300, inner.path("vocabulary"), "at least 300 (256 bytes and the symbols)");
}

}  // namespace

Recipe read_recipe(const std::string& path) {
  Recipe r;
  r.text = engine::read_json_file(path);
  ObjectReader reader(r.text, path);
  if (reader.find("init")) r.init = seen_from(path, reader.need<std::string>("init"));
  if (const Json* model = reader.find("model")) r.model = read_model(*model, path + ": model");
  if (const Json* tokenizer = reader.find("tokenizer")) read_tokenizer(*tokenizer, path, r);
  const Json data = reader.need<Json>("data");
  must(data.is_array() && !data.empty(), reader.path("data"), "a list of at least one source");
  std::set<std::string> names;
  for (std::size_t i = 0; i < data.size(); ++i) {
    r.data.push_back(read_source(data[i], fmt::format("{}: data[{}]", path, i), path));
    must(names.insert(r.data.back().name).second, reader.path("data"), "names that differ");
  }
  if (const Json* teacher = reader.find("teacher")) {
    r.teacher = read_teaching(*teacher, path + ": teacher", path);
  }
  r.context = reader.get("context", r.context);
  r.batch = reader.get("batch", r.batch);
  r.steps = reader.need<std::int64_t>("steps");
  r.warmup = reader.get("warmup", r.warmup);
  r.learning_rate = reader.need<double>("learning_rate");
  r.minimum_rate = reader.get("minimum_rate", r.learning_rate / 20);
  r.seed = reader.get("seed", r.seed);
  r.threads = reader.get("threads", r.threads);
  reader.done();
  must(r.context >= 2 && r.batch >= 1 && r.threads >= 1, path, "context >= 2, batch >= 1 and threads >= 1");
  must(!r.teacher || r.teacher->longest_prompt < r.context, path, "teacher.prompt_tokens below context");
  must(r.steps >= 1 && r.warmup >= 0 && r.warmup < r.steps, path, "0 <= warmup < steps");
  must(r.learning_rate > 0 && r.minimum_rate >= 0, path, "learning_rate > 0 and minimum_rate >= 0");
  must(r.init.empty() == (r.model.layers > 0), path, "either 'init' or 'model'");
  must(!r.init.empty() || !r.tokenizer.empty() || r.train_vocabulary, path,
       "'tokenizer', as 'init' is absent");
  must(r.init.empty() || !r.train_vocabulary, path,
       "no 'tokenizer.train' beside 'init', whose ids would change");
  return r;
}

double Recipe::rate_at(std::int64_t step) const {
  if (step < warmup) return learning_rate * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const double done = static_cast<double>(step - warmup) / static_cast<double>(steps - warmup);
  return minimum_rate + (learning_rate - minimum_rate) * (1 + std::cos(std::numbers::pi * done)) / 2;
}

}  // namespace splitwan::scenarios
