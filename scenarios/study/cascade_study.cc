#include "scenarios/study/cascade_study.hh"

#include <fmt/format.h>

#include <set>

#include "engine/base/error.hh"
#include "engine/base/json_table.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/study/cascade_cell.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using StudyKey = engine::KeyRow<CascadeStudy>;

template <typename T>
StudyKey list_key(const char* key, const char* type, const char* usual, std::vector<T> CascadeStudy::*member,
                  const char* help) {
  return {{key, type, usual, help}, [member](CascadeStudy& t, ObjectReader& r, const std::string& name) {
            t.*member = r.get(name, t.*member);
            if ((t.*member).empty()) throw Error("{}: key missing, or its list is empty", r.path(name));
          }};
}

std::vector<StudyKey> study_keys() {
  return {
      {{"study", "cascade", "", "Cascade: text, bytes and speed, cell by cell"},
       [](CascadeStudy&, ObjectReader& r, const std::string& key) { r.need<std::string>(key); }},
      {{"name", "text", "cascade", "of the study"},
       [](CascadeStudy& t, ObjectReader& r, const std::string& key) { t.name = r.get(key, t.name); }},
      {{"run", "object", "", "a scenario's keys: model, prompts, max_new_tokens, cascade.form, split, .."},
       [](CascadeStudy& t, ObjectReader& r, const std::string& key) {
         t.run = r.at(key);
         if (!t.run.is_object()) throw Error("{}: expected an object, found {}", r.path(key), t.run.dump());
       }},
      list_key("alpha", "list of 2 to 16", "", &CascadeStudy::alpha, "shards"),
      list_key("cluster", "list of 1 to 64", "1", &CascadeStudy::cluster, "tokens that stay together"),
      {{"networks", "list of objects", "", "each a network's keys, and its name"},
       [](CascadeStudy& t, ObjectReader& r, const std::string& key) {
         t.networks = r.at(key);
         if (!t.networks.is_array() || t.networks.empty())
           throw Error("{}: expected a list, found {}", r.path(key), t.networks.dump());
         for (const Json& network : t.networks)
           if (!network.is_object() || !network.contains("name") || !network["name"].is_string())
             throw Error("{}: expected objects with a \"name\", found {}", r.path(key), network.dump());
       }},
      list_key("decode", "list of drafters", "sequential", &CascadeStudy::decode, "each a cell of its own"),
  };
}

// The scenario of one cell.
Scenario cascade_scenario(const CascadeStudy& study, int alpha, int cluster, Json network,
                          const std::string& decode) {
  Json json = study.run;
  json["name"] = study.name;
  json["cascade"]["alpha"] = alpha;
  json["cascade"]["cluster"] = cluster;
  network.erase("name");
  json["network"] = std::move(network);
  json["decode"] = {decode};
  json["rehearse"] = false;
  return read_scenario(json, study.file);
}

}  // namespace

std::vector<engine::SchemaKey> cascade_study_schema() { return keys_of(study_keys()); }

CascadeStudy read_cascade_study(const Json& scenario, const std::string& file) {
  CascadeStudy study;
  study.file = file;
  study.text = scenario;
  ObjectReader r(scenario, file);
  for (const char* ignored : {"$schema", "note"}) r.find(ignored);
  read_rows(study_keys(), study, r);
  r.done();
  std::set<std::string> names;
  for (const Json& network : study.networks)
    if (!names.insert(network["name"].get<std::string>()).second)
      throw Error("{}: networks: two are called {}", file, network["name"].dump());
  if (study.run.contains("cascade") && !study.run["cascade"].is_object())
    throw Error("{}: run: cascade: expected an object, found {}", file, study.run["cascade"].dump());
  for (const Json& network : study.networks)  // all of them, before the first runs
    for (const int alpha : study.alpha)
      for (const int cluster : study.cluster)
        for (const std::string& decode : study.decode)
          cascade_scenario(study, alpha, cluster, network, decode);
  return study;
}

Json run_cascade_study(const CascadeStudy& study, const Json& earlier, const Stop& stop,
                       const StudyWatch& watch) {
  Resources resources;
  LocalTexts locals;
  std::vector<StudyJob> jobs;
  int threads = 1;
  for (const Json& network : study.networks)
    for (const int alpha : study.alpha)
      for (const int cluster : study.cluster)
        for (const std::string& decode : study.decode) {
          Json key = {{"alpha", alpha}, {"c", cluster}, {"network", network["name"]}, {"drafter", decode}};
          auto s = std::make_shared<Scenario>(cascade_scenario(study, alpha, cluster, network, decode));
          fit_prompts(*s, resources);
          threads = s->threads;
          jobs.push_back({"cells", key, [&, key, s] {
                            Json row = key;
                            row.update(cascade_cell(*s, resources, locals, stop));
                            return row;
                          }});
        }
  const Json about = {{"schema_version", 1},
                      {"study", "cascade"},
                      {"name", study.name},
                      {"cells", Json::array()},
                      {"commit", build_commit_text()},
                      {"machine", to_json(machine(threads))},
                      {"scenario", study.text}};
  return run_jobs(about, jobs, earlier, watch);
}

std::string cascade_tables(const Json& result) {
  std::string text = fmt::format(
      "{}: sharded tokens beside local decoding (a reconstruction of Cascade)\n"
      "network               alpha  c  nodes  drafter       same text  logits differ   bytes among nodes  "
      "hops  hole  "
      "inside  tokens/s  first s\n",
      result["name"].get<std::string>());
  std::size_t differ = 0, close = 0, off = 0;
  for (const Json& r : result["cells"]) {
    const bool same = r["identical"].get<bool>();
    differ += !same;
    close += !same && !r["first_difference"].is_null() && r["first_difference"]["close_call"].get<bool>();
    off += r["bytes"] != r["formula_bytes"] || r["client_bytes"] != r["client_formula_bytes"];
    text += fmt::format(
        "{:20}  {:>5} {:>2}  {:>5}  {:12}  {:9}  {:>13.1e}  {:>18}  {:>4}  {:>4}  {:>6}  {:>8.3f}  {:.3f}\n",
        r["network"].get<std::string>(), r["alpha"].dump(), r["c"].dump(), r["nodes"].dump(),
        r["drafter"].get<std::string>(), same ? "yes" : "no", r["max_logit_diff"].get<double>(),
        r["bytes"].dump(), r["hops"].dump(), r["hole_gap"].dump(), r["inside_gap"].dump(),
        r["tokens_per_s"].get<double>(), r["time_to_first_token_s"].get<double>());
  }
  text += fmt::format(
      "{} cells: bytes as the closed form and headers in {}; another text in {}, in {} of them where "
      "the best two logits lay within {:g}\n",
      result["cells"].size(), result["cells"].size() - off, differ, close, close_call);
  if (result["partial"].get<bool>()) text += "(interrupted: more cells are missing)\n";
  return text;
}

}  // namespace splitwan::scenarios
