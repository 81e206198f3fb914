#include "scenarios/train/recipe.hh"

#include <cmath>
#include <filesystem>
#include <numbers>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/schema.hh"

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

template <typename Target>
using Keys = std::vector<engine::KeyRow<Target>>;

template <typename Target, typename Owner, typename T>
auto plain(T Owner::*member) {
  return [member](Target& t, ObjectReader& r, const std::string& key) { t.*member = r.get(key, t.*member); };
}

using engine::ModelConfig;

Keys<ModelConfig> model_keys() {
  const auto size = [](const char* key, int ModelConfig::*member, const char* help) {
    return engine::KeyRow<ModelConfig>{{key, "whole number, above 0", "", help},
                                       [member](ModelConfig& c, ObjectReader& r, const std::string& name) {
                                         c.*member = r.need<int>(name);
                                         must(c.*member > 0, r.path(name), "a positive number");
                                       }};
  };
  const ModelConfig usual;
  return {
      size("layers", &ModelConfig::layers, "of the new model"),
      size("width", &ModelConfig::width, "of a row"),
      size("heads", &ModelConfig::heads, "of attention"),
      size("kv_heads", &ModelConfig::kv_heads, "a divisor of heads"),
      size("head_dim", &ModelConfig::head_dim, "an even number"),
      size("ffn", &ModelConfig::ffn, "width inside a layer's feed-forward part"),
      size("context", &ModelConfig::context, "tokens at most"),
      {{"rope_theta", "number", fmt::format("{}", usual.rope_theta), "base of the rotary angles"},
       plain<ModelConfig>(&ModelConfig::rope_theta)},
      {{"rms_eps", "number", fmt::format("{}", usual.rms_eps), "of the norms"},
       plain<ModelConfig>(&ModelConfig::rms_eps)},
      {{"tied", "true or false", "true", "the head shares the embedding's weights"},
       [](ModelConfig& c, ObjectReader& r, const std::string& key) { c.tied = r.get(key, true); }},
  };
}

ModelConfig read_model(const Json& json, const std::string& where) {
  ModelConfig c;
  read_object(model_keys(), c, json, where);
  must(c.heads % c.kv_heads == 0, where + ": kv_heads", "a divisor of heads");
  must(c.head_dim % 2 == 0, where + ": head_dim", "an even number");
  return c;
}

struct SourceReading : DataSource {
  std::string recipe;
};

Keys<SourceReading> source_keys() {
  return {
      {{"name", "text", "", "of the source, in what is printed"},
       [](SourceReading& t, ObjectReader& r, const std::string& key) { t.name = r.need<std::string>(key); }},
      {{"path", "file", "", "of text"},
       [](SourceReading& t, ObjectReader& r, const std::string& key) {
         t.path = seen_from(t.recipe, r.need<std::string>(key));
       }},
      {{"weight", "number, above 0", fmt::format("{}", DataSource{}.weight),
        "share of the windows, relative to the other sources"},
       [](SourceReading& t, ObjectReader& r, const std::string& key) {
         t.weight = r.get(key, t.weight);
         must(t.weight > 0, r.path(key), "a positive number");
       }},
      {{"format", "text or jsonl-qa", "text", "jsonl-qa: lines of {question, answer}"},
       [](SourceReading& t, ObjectReader& r, const std::string& key) {
         const auto format = r.get<std::string>(key, "text");
         must(format == "text" || format == "jsonl-qa", r.path(key),
              "text or jsonl-qa, found '" + format + "'");
         t.questions = format == "jsonl-qa";
       }},
  };
}

struct TeacherReading : Teaching {
  std::string recipe;
};

Keys<TeacherReading> teacher_keys() {
  const Teaching usual;
  return {
      {{"model", "folder", "", "of the model that is imitated, of the same vocabulary"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         t.model = seen_from(t.recipe, r.need<std::string>(key));
       }},
      {{"weight", "share, above 0", fmt::format("{}", usual.weight),
        "of the divergence from the teacher; the rest is cross entropy with the text"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         t.weight = r.get(key, t.weight);
         must(t.weight > 0 && t.weight <= 1, r.path(key), "more than 0 and at most 1");
       }},
      {{"temperature", "number, above 0", fmt::format("{}", usual.temperature),
        "of the distribution that is imitated"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         t.temperature = r.get(key, t.temperature);
         must(t.temperature > 0, r.path(key), "a positive number");
       }},
      {{"windows", "whole number, above 0", "", "of text, written before the first step"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         t.windows = r.need<int>(key);
         must(t.windows > 0, r.path(key), "a positive number");
       }},
      {{"corpus_share", "share, 0 to 1", fmt::format("{}", usual.corpus_share),
        "of the windows: the sources' own text"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         t.corpus_share = r.get(key, t.corpus_share);
         must(t.corpus_share >= 0 && t.corpus_share <= 1, r.path(key), "0 to 1");
       }},
      {{"text_temperatures", "list of numbers, 0 or above", fmt::format("{}", usual.text_temperatures),
        "of the other windows, in equal parts; 0: the most likely token"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         t.text_temperatures = r.get(key, t.text_temperatures);
         bool sensible = !t.text_temperatures.empty();
         for (const double temperature : t.text_temperatures) sensible = sensible && temperature >= 0;
         must(sensible, r.path(key), "a list of at least one number, 0 or above");
       }},
      {{"prompt_tokens", "[shortest, longest]",
        fmt::format("[{}, {}]", usual.shortest_prompt, usual.longest_prompt),
        "of the sources, which the teacher continues"},
       [](TeacherReading& t, ObjectReader& r, const std::string& key) {
         const auto prompt = r.get(key, std::vector<int>{t.shortest_prompt, t.longest_prompt});
         must(prompt.size() == 2 && prompt[0] >= 1 && prompt[0] <= prompt[1], r.path(key),
              "[shortest, longest], at least 1");
         t.shortest_prompt = prompt[0];
         t.longest_prompt = prompt[1];
       }},
  };
}

Keys<Recipe> vocabulary_keys() {
  return {
      {{"vocabulary", "whole number, 300 or above", "", "tokens of a new tokenizer, learned from the data"},
       [](Recipe& t, ObjectReader& r, const std::string& key) {
         t.train_vocabulary = r.need<int>(key);
         must(t.train_vocabulary >= 300, r.path(key), "at least 300 (256 bytes and the symbols)");
       }}};
}

struct RecipeReading : Recipe {
  std::string file;
};

void read_tokenizer(RecipeReading& t, ObjectReader& r, const std::string& key) {
  const Json* tokenizer = r.find(key);
  if (!tokenizer) return;
  if (tokenizer->is_string()) {
    t.tokenizer = seen_from(t.file, r.need<std::string>(key));
    return;
  }
  ObjectReader inner(*tokenizer, r.path(key));
  read_object<Recipe>(vocabulary_keys(), t, inner.at("train"), inner.path("train"));
  inner.done();
}

void read_data(RecipeReading& t, ObjectReader& r, const std::string& key) {
  const Json& data = r.at(key);
  must(data.is_array() && !data.empty(), r.path(key), "a list of at least one source");
  std::set<std::string> names;
  for (std::size_t i = 0; i < data.size(); ++i) {
    SourceReading source{{}, t.file};
    read_object(source_keys(), source, data[i], fmt::format("{}[{}]", r.path(key), i));
    must(names.insert(source.name).second, r.path(key), "names that differ");
    t.data.push_back(source);
  }
}

Keys<RecipeReading> recipe_keys() {
  const Recipe usual;
  const auto said = [](const auto& value) { return fmt::format("{}", value); };
  return {
      {{"init", "folder", "none", "of a model to continue from"},
       [](RecipeReading& t, ObjectReader& r, const std::string& key) {
         if (r.find(key)) t.init = seen_from(t.file, r.need<std::string>(key));
       }},
      {{"model", "object", "none", "a new model, without `init`"},
       [](RecipeReading& t, ObjectReader& r, const std::string& key) {
         if (const Json* model = r.find(key)) t.model = read_model(*model, r.path(key));
       }},
      {{"tokenizer", "file, or object", "that of `init`", "of the model"}, read_tokenizer},
      {{"data", "list of objects", "", "what is learned from"}, read_data},
      {{"teacher", "object", "none", "a model to imitate, on text that it mostly writes itself"},
       [](RecipeReading& t, ObjectReader& r, const std::string& key) {
         const Json* json = r.find(key);
         if (!json) return;
         TeacherReading teacher{{}, t.file};
         read_object(teacher_keys(), teacher, *json, r.path(key));
         t.teacher = teacher;
       }},
      {{"context", "tokens", said(usual.context), "of a window"}, plain<RecipeReading>(&Recipe::context)},
      {{"batch", "windows", said(usual.batch), "of a step"}, plain<RecipeReading>(&Recipe::batch)},
      {{"steps", "whole number", "", "of training"},
       [](RecipeReading& t, ObjectReader& r, const std::string& key) {
         t.steps = r.need<std::int64_t>(key);
       }},
      {{"warmup", "steps", said(usual.warmup), "in which the rate grows to its peak"},
       plain<RecipeReading>(&Recipe::warmup)},
      {{"learning_rate", "number, above 0", "", "at its peak"},
       [](RecipeReading& t, ObjectReader& r, const std::string& key) {
         t.learning_rate = r.need<double>(key);
       }},
      {{"minimum_rate", "number", "a twentieth of learning_rate", "where the cosine ends"},
       [](RecipeReading& t, ObjectReader& r, const std::string& key) {
         t.minimum_rate = r.get(key, t.learning_rate / 20);
       }},
      {{"seed", "whole number", said(usual.seed), "of weights, windows and what the teacher writes"},
       plain<RecipeReading>(&Recipe::seed)},
      {{"threads", "whole number", said(usual.threads), "compute threads"},
       plain<RecipeReading>(&Recipe::threads)},
  };
}

// What must hold between keys.
void check(const Recipe& r, const std::string& path) {
  must(r.context >= 2 && r.batch >= 1 && r.threads >= 1, path, "context >= 2, batch >= 1 and threads >= 1");
  must(!r.teacher || r.teacher->longest_prompt < r.context, path, "teacher.prompt_tokens below context");
  must(r.steps >= 1 && r.warmup >= 0 && r.warmup < r.steps, path, "0 <= warmup < steps");
  must(r.learning_rate > 0 && r.minimum_rate >= 0, path, "learning_rate > 0 and minimum_rate >= 0");
  must(r.init.empty() == (r.model.layers > 0), path, "either 'init' or 'model'");
  must(!r.init.empty() || !r.tokenizer.empty() || r.train_vocabulary, path,
       "'tokenizer', as 'init' is absent");
  must(r.init.empty() || !r.train_vocabulary, path,
       "no 'tokenizer.train' beside 'init', whose ids would change");
}

}  // namespace

std::vector<engine::SchemaKey> recipe_schema() {
  std::vector<engine::SchemaKey> list = keys_of(recipe_keys());
  append(list, keys_of(model_keys()), "model.");
  append(list, keys_of(vocabulary_keys()), "tokenizer.train.");
  append(list, keys_of(source_keys()), "data[].");
  append(list, keys_of(teacher_keys()), "teacher.");
  return list;
}

Recipe read_recipe(const std::string& path) {
  RecipeReading reading{{}, path};
  reading.text = engine::read_json_file(path);
  read_object(recipe_keys(), reading, reading.text, path);
  check(reading, path);
  return std::move(static_cast<Recipe&>(reading));
}

double Schedule::rate_at(std::int64_t step) const {
  if (step < warmup) return learning_rate * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const double done = static_cast<double>(step - warmup) / static_cast<double>(steps - warmup);
  return minimum_rate + (learning_rate - minimum_rate) * (1 + std::cos(std::numbers::pi * done)) / 2;
}

}  // namespace splitwan::scenarios
