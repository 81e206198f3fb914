#include "scenarios/study/del_options.hh"

#include <filesystem>
#include <set>

#include "analysis/attacks/mechanism/row_attackers.hh"
#include "engine/base/error.hh"
#include "engine/privacy/binomial.hh"
#include "engine/privacy/del_weights.hh"
#include "scenarios/read/read_link.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

struct Reading : DelOptions {
  std::string folder;  // where files are sought
};
using Row = engine::KeyRow<Reading>;

template <typename T>
Row number(const char* key, const char* unit, T DelOptions::*member, std::type_identity_t<T> least,
           std::type_identity_t<T> most, const char* help) {
  return engine::number_row<Reading>(key, unit, member, least, most, help);
}

template <typename T>
Row list(const char* key, const char* type, const char* usual, std::vector<T> DelOptions::*member,
         const char* help) {
  return {{key, type, usual, help}, [member](Reading& t, ObjectReader& r, const std::string& name) {
            t.*member = r.get(name, t.*member);
          }};
}

Row files(const char* key, const char* type, const char* usual, std::vector<std::string> DelOptions::*member,
          const char* help) {
  return {{key, type, usual, help}, [member](Reading& t, ObjectReader& r, const std::string& name) {
            for (const std::string& file : r.get(name, std::vector<std::string>{}))
              (t.*member).push_back(beside(t.folder, file));
          }};
}

Row file(const char* key, const char* type, std::string DelOptions::*member, const char* help) {
  return {{key, type, "", help}, [member](Reading& t, ObjectReader& r, const std::string& name) {
            t.*member = beside(t.folder, r.need<std::string>(name));
          }};
}

std::vector<Row> keys() {
  return {
      {{"study", "del", "", "DEL's utility, leak and bytes, cell by cell"},
       [](Reading&, ObjectReader& r, const std::string& key) { r.need<std::string>(key); }},
      {{"name", "text", "del", "of the study"},
       [](Reading& t, ObjectReader& r, const std::string& key) { t.name = r.get(key, t.name); }},
      file("model", "folder", &DelOptions::model, "config.json, *.safetensors, tokenizer"),
      files("maps", "list of folders", "", &DelOptions::maps,
            "encoders and decoders, one a width (demo-del)"),
      list("mu", "list of numbers above 0", "", &DelOptions::mu, "of the mechanism, for one row"),
      list("bits", "list of 1 to 16", "", &DelOptions::bits, "of a coordinate on the wire"),
      {{"trust", "ours or \"as published\"", "as published", "who holds what"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& name) { t.trust = engine::trust_named(name); });
       }},
      number("tail", "layers", &DelOptions::tail, 0, 1000,
             "last ones with the client, where the trust is ours"),
      {{"soft_prompt", "none, clean, noisy or noiseless", "clean", "that the server puts before the prompt"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& kind) {
           engine::soft_prompt_file({}, kind);
           t.soft_prompt = kind;
         });
       }},
      number("cap", "number", &DelOptions::cap, 0, 1e9, "the longest latent as the server reads it; 0: any"),
      number("delta", "probability", &DelOptions::delta, 1e-300, 0.999, "of epsilon"),
      {{"attackers", "list of names", "all that need not learn", "who tries to read the rows"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.attackers = r.get(key, t.attackers);
         for (const std::string& name : t.attackers) attacks::row_attacker(name);
       }},
      number("beam", "whole number", &DelOptions::beam, 1, 1024, "texts that the strongest attacker follows"),
      file("documents", "file", &DelOptions::documents, "held-out texts that are attacked"),
      number("documents_used", "whole number", &DelOptions::documents_used, 1, 100'000, "of them"),
      number("document_tokens", "tokens", &DelOptions::document_tokens, 4, 1 << 16, "of each"),
      {{"baselines", "list of names", "none", "mechanisms to compare with, at equal epsilon or equal bytes"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.baselines = r.get(key, t.baselines);
         for (const std::string& name : t.baselines) attacks::channel_kind(name);
       }},
      list("baseline_epsilon", "list of numbers", "4", &DelOptions::baseline_epsilon, "of rantext"),
      number("held_out", "windows", &DelOptions::held_out, 2, 1 << 20,
             "of text that the model writes itself"),
      number("context", "tokens", &DelOptions::context, 16, 1 << 16, "of a window"),
      files("corpora", "list of files", "none", &DelOptions::corpora,
            "plain texts: a second perplexity; left out by name where absent"),
      number("continuations", "whole number", &DelOptions::continuations, 0, 100'000,
             "texts that are continued, to compare with the clean ones"),
      number("continuation_tokens", "tokens", &DelOptions::continuation_tokens, 1, 1 << 16, "of each"),
      list("links", "list of links", "none", &DelOptions::links,
           "rtt=80ms,rate=10Mbit or presets: time to first token, inside ns-3"),
      number("prompt_tokens", "tokens", &DelOptions::prompt_tokens, 1, 1 << 20,
             "of the prompt that is timed"),
      list("targets", "list of shares", "none", &DelOptions::targets,
           "of tokens found by the strongest attacker: mu by bisection"),
      {{"training", "object", "none",
        "soft prompts are trained where missing: keys of a soft-prompt recipe, and \"folder\" to keep them "
        "in"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         if (const Json* training = r.find(key)) {
           ObjectReader inner(*training, r.path(key));
           t.training = *training;
           (*t.training)["folder"] = beside(t.folder, inner.need<std::string>("folder"));
         }
       }},
      {{"seed", "whole number", "1", "of text, coins and resampling"},
       [](Reading& t, ObjectReader& r, const std::string& key) { t.seed = r.get(key, t.seed); }},
      number("threads", "whole number", &DelOptions::threads, 1, 1024,
             "compute threads; the figures stay the same"),
  };
}

template <typename T>
void need_some(const std::vector<T>& list, const char* key, const std::string& file) {
  if (list.empty()) throw Error("{}: key '{}' is missing, or its list is empty", file, key);
}

}  // namespace

std::string name_of_maps(const std::string& folder) {
  return std::filesystem::path(folder + "/").lexically_normal().parent_path().filename().string();
}

std::vector<engine::SchemaKey> del_study_schema() { return keys_of(keys()); }

DelOptions read_del_study(const Json& scenario, const std::string& file) {
  Reading reading{{}, std::filesystem::path(file).parent_path().string()};
  ObjectReader r(scenario, file);
  for (const char* ignored : {"$schema", "note"}) r.find(ignored);
  read_rows(keys(), reading, r);
  r.done();
  need_some(reading.maps, "maps", file), need_some(reading.mu, "mu", file),
      need_some(reading.bits, "bits", file);
  for (const double mu : reading.mu)
    for (const int bits : reading.bits) engine::check({.mu = mu, .bits = bits}, file);
  std::set<std::string> names;  // of the folders that soft prompts are kept in
  for (const std::string& maps : reading.maps)
    if (!names.insert(name_of_maps(maps)).second)
      throw Error("{}: maps: two folders of one name: {}", file, maps);
  if (reading.trust == engine::Trust::published && reading.tail > 0)
    throw Error("{}: tail: as published, the server holds every layer: expected 0, found {}", file,
                reading.tail);
  for (const double target : reading.targets)
    if (!(target > 0 && target < 1))
      throw Error("{}: targets: expected between 0 and 1, found {:g}", file, target);
  reading.text = scenario;
  return std::move(static_cast<DelOptions&>(reading));
}

}  // namespace splitwan::scenarios
