#include "analysis/attacks/exam/options.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/error.hh"

namespace splitwan::attacks {

using engine::Error, engine::ObjectReader;

Defence defence_named(const std::string& name) {
  Defence d;
  d.name = name;
  if (name == "none") return d;
  const auto codec = std::ranges::find(engine::codecs(), name, &engine::Codec::name);
  if (codec != engine::codecs().end()) {
    d.wire = *codec;
  } else if (auto client = engine::defences_named(name)) {
    d.client = *std::move(client);
  } else {
    throw Error("defence '{}': expected none, {}, or a wire: {}", name, engine::defence_words(),
                engine::codec_names());
  }
  return d;
}

namespace {

struct SuiteReading : Options {
  const AttackerNames& known;
  std::string file;  // the scenario: paths in it are seen from its folder
};
using SuiteKey = engine::KeyRow<SuiteReading>;
using Names = std::vector<std::string>;

std::string beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

// One text or a list of them, as paths beside the scenario.
Names files(ObjectReader& r, const std::string& key, const std::string& file) {
  const Json* value = r.find(key);
  if (!value) return {};
  Names list = value->is_string() ? Names{value->get<std::string>()} : r.need<Names>(key);
  for (std::string& path : list) path = beside(file, path);
  return list;
}

template <typename T>
void filled(const ObjectReader& r, const std::string& key, const std::vector<T>& list) {
  if (list.empty()) throw Error("{}: the list is empty", r.path(key));
}

template <typename T>
SuiteKey list(const char* key, const char* type, std::vector<T> Options::*member, const char* help) {
  const Options usual;
  return {{key, type, fmt::format("{}", usual.*member), help},
          [member](SuiteReading& t, ObjectReader& r, const std::string& name) {
            t.*member = r.get(name, t.*member);
            filled(r, name, t.*member);
          }};
}

template <typename T>
SuiteKey number(const char* key, const char* unit, T Options::*member, std::type_identity_t<T> least,
                std::type_identity_t<T> most, const char* help) {
  return engine::number_row<SuiteReading>(key, unit, member, least, most, help);
}

void read_cuts(SuiteReading& t, ObjectReader& r, const std::string& key) {
  if (!r.find(key)) return;
  t.cuts.clear();
  for (const std::string& name : r.need<Names>(key)) {
    if (name != "input" && name != "output")
      throw Error("{}: expected input or output, found '{}'", r.path(key), name);
    t.cuts.push_back(name == "input" ? Cut::input : Cut::output);
  }
  filled(r, key, t.cuts);
}

auto attackers(Names Options::*member, Names AttackerNames::*usual) {
  return [=](SuiteReading& t, ObjectReader& r, const std::string& key) {
    t.*member = r.get(key, t.known.*usual);
    filled(r, key, t.*member);
    for (const std::string& name : t.*member) {
      if (!std::ranges::count(t.known.all, name))
        throw Error("{}: unknown attacker '{}': expected one of {}", r.path(key), name,
                    fmt::join(t.known.all, ", "));
    }
  };
}

void read_defences(SuiteReading& t, ObjectReader& r, const std::string& key) {
  for (const std::string& name : r.get(key, Names{})) {
    const Defence d = defence_named(name);
    if (!std::ranges::count(t.defences, d)) t.defences.push_back(d);
  }
}

void read_training(SuiteReading& t, ObjectReader& r, const std::string& key) {
  const Json* training = r.find(key);
  if (!training) return;
  ObjectReader inner(*training, r.path(key));
  t.training_files = files(inner, "files", t.file);
  inner.done();
}

std::string defences_known() {
  return fmt::format("list: none, {}, or a wire: {}", engine::defence_words(), engine::codec_names());
}

std::vector<SuiteKey> suite_keys() {
  constexpr std::int64_t billion = 1'000'000'000, ten_million = 10'000'000;
  return {
      {{"name", "text", "none", "of the study"},
       [](SuiteReading&, ObjectReader& r, const std::string& key) { r.get<std::string>(key, ""); }},
      {{"model", "folder", "", "attacked"},
       [](SuiteReading& t, ObjectReader& r, const std::string& key) {
         t.model = beside(t.file, r.need<std::string>(key));
       }},
      list("depths", "list of layer counts", &Options::depths, "local layers before the cut"),
      {{"cuts", "list of input, output", R"(["input", "output"])",
        "what the server gets, and what it sends back"},
       read_cuts},
      {{"attackers", "list of names", "all", "who tries"},
       attackers(&Options::attackers, &AttackerNames::all)},
      {{"defence_attackers", "list of names", "those who meet defences by default",
        "who tries against defences"},
       attackers(&Options::defence_attackers, &AttackerNames::against_defences)},
      {{"defences", defences_known(), "none", "what is tried against them"}, read_defences},
      list("defence_depths", "list of layer counts", &Options::defence_depths, "of every defence but none"),
      list("seeds", "list of whole numbers", &Options::seeds, "one trial each"),
      {{"documents", "file or list of files", "",
        "held-out texts: .json with names, or plain texts split at blank lines"},
       [](SuiteReading& t, ObjectReader& r, const std::string& key) {
         t.documents = files(r, key, t.file);
         if (t.documents.empty()) throw Error("{}: key '{}' is missing: the held-out texts", r.where(), key);
       }},
      number("document_limit", "whole number", &Options::document_limit, 2, 100'000, "texts at most"),
      number("prompt_tokens", "tokens", &Options::prompt_tokens, 4, 1 << 20, "longer prompts are cut there"),
      number("new_tokens", "tokens", &Options::new_tokens, 2, 1 << 20,
             "decoded after each, with n-gram speculation"),
      number("search_documents", "whole number", &Options::search_documents, 1, 100'000,
             "so many texts, for the attacks that search"),
      number("search_tokens", "tokens", &Options::search_tokens, 3, 1 << 20, "of each of them"),
      {{"training", "{files: file or list of files}", "sampled from the model", "what attackers learn from"},
       read_training},
      number("text_tokens", "tokens", &Options::text_tokens, window, 1 << 20,
             "rows of each training text; whole windows of 32"),
      number("pairs", "whole number", &Options::pairs, 1000, billion, "for the learned attackers"),
      number("chunk", "whole number", &Options::chunk, 1000, ten_million, "pairs held in memory at once"),
      number("sequence_pairs", "whole number", &Options::sequence_pairs, 1000, billion, "for `sequence`"),
      number("published_pairs", "whole number", &Options::published_pairs, 100, 1'000'000,
             "for `mlp_published`"),
      number("shuffled_pairs", "whole number", &Options::shuffled_pairs, 1000, ten_million,
             "for `shuffled_labels`"),
      number("defence_pairs", "whole number", &Options::defence_pairs, 1000, ten_million,
             "for the learned attackers against defences"),
      number("rare", "share", &Options::rare, 0, 1,
             "the rarest tokens that together make up this share of the training text"),
      number("lora_rank", "whole number", &Options::lora_rank, 1, 1024, "of the changed outer layers"),
      number("lora_steps", "whole number", &Options::lora_steps, 0, 1'000'000, "of their training"),
      number("threads", "whole number", &Options::threads, 1, 1024, "compute threads"),
  };
}

}  // namespace

std::vector<engine::SchemaKey> attack_schema() { return keys_of(suite_keys()); }

Options read_options(const Json& scenario, const std::string& file, const AttackerNames& known) {
  SuiteReading reading{{}, known, file};
  ObjectReader r(scenario, file);
  for (const char* ignored : {"$schema", "note", "speed"}) r.find(ignored);
  read_rows(suite_keys(), reading, r);
  r.done();
  Options o = std::move(static_cast<Options&>(reading));
  o.text_tokens -= o.text_tokens % window;  // whole windows
  o.resolved = scenario;
  return o;
}

void check_depths(const Options& o, const engine::ModelConfig& config, const std::string& file) {
  const int most = (config.layers - 1) / 2;
  const auto check = [&](const char* key, const std::vector<int>& depths) {
    for (const int depth : depths) {
      if (depth < 0 || depth > most)
        throw Error("{}: {}: expected 0 to {} (the model has {} layers, the server needs one), found {}",
                    file, key, most, config.layers, depth);
    }
  };
  check("depths", o.depths);
  check("defence_depths", o.defence_depths);
  const int rows = std::max(o.prompt_tokens + o.new_tokens, o.text_tokens);
  if (rows >= config.context)
    throw Error("{}: prompt_tokens + new_tokens, text_tokens: {} rows: the model's context is {}", file, rows,
                config.context);
}

}  // namespace splitwan::attacks
