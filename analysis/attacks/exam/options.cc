#include "analysis/attacks/exam/options.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

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

class Reader {
 public:
  Reader(const Json& json, const std::string& file) : reader_(json, file), file_(file) {}
  ObjectReader& operator*() { return reader_; }

  template <typename T>
  void number(const std::string& key, T& into, T least, T most) {
    into = reader_.get(key, into);
    if (!(into >= least && into <= most))
      throw Error("{}: expected {} to {}, found {}", reader_.path(key), least, most, into);
  }
  // One text or a list of them, as paths beside the scenario.
  std::vector<std::string> files(const std::string& key) {
    const Json* value = reader_.find(key);
    if (!value) return {};
    auto list = value->is_string() ? std::vector<std::string>{value->get<std::string>()}
                                   : reader_.need<std::vector<std::string>>(key);
    for (std::string& path : list) path = beside(path);
    return list;
  }
  std::string beside(const std::string& path) const {
    return (std::filesystem::path(file_).parent_path() / path).lexically_normal().string();
  }
  template <typename T>
  void filled(const std::string& key, const std::vector<T>& list) const {
    if (list.empty()) throw Error("{}: the list is empty", reader_.path(key));
  }

 private:
  ObjectReader reader_;
  std::string file_;
};

std::vector<Cut> cuts_named(const std::vector<std::string>& names, const std::string& where) {
  std::vector<Cut> cuts;
  for (const std::string& name : names) {
    if (name != "input" && name != "output")
      throw Error("{}: expected input or output, found '{}'", where, name);
    cuts.push_back(name == "input" ? Cut::input : Cut::output);
  }
  return cuts;
}

std::vector<std::string> attackers_named(const std::vector<std::string>& names,
                                         const std::vector<std::string>& known, const std::string& where) {
  if (names.empty()) throw Error("{}: the list is empty", where);
  for (const std::string& name : names) {
    if (!std::ranges::count(known, name))
      throw Error("{}: unknown attacker '{}': expected one of {}", where, name, fmt::join(known, ", "));
  }
  return names;
}

}  // namespace

Options read_options(const Json& scenario, const std::string& file, const AttackerNames& known) {
  Options o;
  Reader r(scenario, file);
  for (const char* ignored : {"$schema", "name", "note", "speed", "traffic"}) (*r).find(ignored);
  o.model = r.beside((*r).need<std::string>("model"));
  o.depths = (*r).get("depths", o.depths);
  r.filled("depths", o.depths);
  if ((*r).find("cuts")) o.cuts = cuts_named((*r).need<std::vector<std::string>>("cuts"), (*r).path("cuts"));
  r.filled("cuts", o.cuts);
  o.attackers = attackers_named((*r).get("attackers", known.all), known.all, (*r).path("attackers"));
  o.defence_attackers = attackers_named((*r).get("defence_attackers", known.against_defences), known.all,
                                        (*r).path("defence_attackers"));
  for (const std::string& name : (*r).get("defences", std::vector<std::string>{})) {
    const Defence d = defence_named(name);
    if (!std::ranges::count(o.defences, d)) o.defences.push_back(d);
  }
  o.defence_depths = (*r).get("defence_depths", o.defence_depths);
  r.filled("defence_depths", o.defence_depths);
  o.seeds = (*r).get("seeds", o.seeds);
  r.filled("seeds", o.seeds);
  o.documents = r.files("documents");
  if (o.documents.empty()) throw Error("{}: key 'documents' is missing: the held-out texts", file);
  r.number("document_limit", o.document_limit, 2, 100'000);
  r.number("prompt_tokens", o.prompt_tokens, 4, 1 << 20);
  r.number("new_tokens", o.new_tokens, 2, 1 << 20);
  r.number("search_documents", o.search_documents, 1, 100'000);
  r.number("search_tokens", o.search_tokens, 3, 1 << 20);
  if (const Json* training = (*r).find("training")) {
    Reader inner(*training, (*r).path("training"));
    if (const Json* list = (*inner).find("files")) {
      Json own = {{"files", *list}};
      o.training_files = Reader(own, file).files("files");
    }
    (*inner).done();
  }
  r.number("text_tokens", o.text_tokens, window, 1 << 20);
  o.text_tokens -= o.text_tokens % window;  // whole windows
  r.number<std::int64_t>("pairs", o.pairs, 1000, 1'000'000'000);
  r.number<std::int64_t>("chunk", o.chunk, 1000, 10'000'000);
  r.number<std::int64_t>("sequence_pairs", o.sequence_pairs, 1000, 1'000'000'000);
  r.number<std::int64_t>("published_pairs", o.published_pairs, 100, 1'000'000);
  r.number<std::int64_t>("shuffled_pairs", o.shuffled_pairs, 1000, 10'000'000);
  r.number<std::int64_t>("defence_pairs", o.defence_pairs, 1000, 10'000'000);
  r.number("rare", o.rare, 0.0, 1.0);
  r.number("lora_rank", o.lora_rank, 1, 1024);
  r.number("lora_steps", o.lora_steps, 0, 1'000'000);
  r.number("threads", o.threads, 1, 1024);
  (*r).done();
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
