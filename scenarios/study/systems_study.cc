#include "scenarios/study/systems_study.hh"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>

#include "analysis/attacks/exam/stop.hh"
#include "engine/base/error.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/run/run_scenario.hh"
#include "scenarios/study/system_leaks.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using SystemsKey = engine::KeyRow<SystemsStudy>;

Json object_at(ObjectReader& r, const std::string& key) {
  Json value = r.at(key);
  if (!value.is_object()) throw Error("{}: expected an object, found {}", r.path(key), value.dump());
  return value;
}

void read_systems(SystemsStudy& t, ObjectReader& r, const std::string& key) {
  const Json& list = r.at(key);
  if (!list.is_array() || list.empty())
    throw Error("{}: expected a list, found {}", r.path(key), list.dump());
  std::size_t i = 0;
  for (const Json& system : list) {
    ObjectReader own(system, fmt::format("{}[{}]", r.path(key), i++));
    SystemChoice choice{own.need<std::string>("system"), Json::object(), {"sequential"}};
    if (own.find("keys")) choice.keys = object_at(own, "keys");
    choice.decode = own.get("decode", choice.decode);
    own.done();
    if (choice.decode.empty()) throw Error("{}: the list is empty", own.path("decode"));
    t.systems.push_back(std::move(choice));
  }
}

template <typename T>
SystemsKey bounded(const char* key, const char* unit, T SystemsStudy::*member, std::type_identity_t<T> least,
                   std::type_identity_t<T> most, const char* help) {
  return engine::number_row<SystemsStudy>(key, unit, member, least, most, help);
}

std::vector<SystemsKey> systems_keys() {
  return {
      {{"study", "systems", "", "every system on one chart"},
       [](SystemsStudy&, ObjectReader& r, const std::string& key) { r.need<std::string>(key); }},
      {{"name", "text", "systems", "of the study"},
       [](SystemsStudy& t, ObjectReader& r, const std::string& key) { t.name = r.get(key, t.name); }},
      {{"run", "object", "", "a scenario's keys, for all systems: model, prompts, max_new_tokens, .."},
       [](SystemsStudy& t, ObjectReader& r, const std::string& key) { t.run = object_at(r, key); }},
      {{"links", "list of objects", "", "each a network's keys, and its name"},
       [](SystemsStudy& t, ObjectReader& r, const std::string& key) {
         t.links = r.at(key);
         for (const Json& link : t.links)
           if (!link.is_object() || !link.contains("name") || !link["name"].is_string())
             throw Error("{}: expected objects with a \"name\", found {}", r.path(key), link.dump());
       }},
      {{"systems", "list of {system, keys, decode}", "",
        "a name, a scenario's keys over \"run\", drafters of which the fastest counts"},
       read_systems},
      {{"documents", "file", "", "held-out texts that are attacked"},
       [](SystemsStudy& t, ObjectReader& r, const std::string& key) {
         t.documents = beside(std::filesystem::path(t.file).parent_path().string(), r.need<std::string>(key));
       }},
      bounded("documents_used", "whole number", &SystemsStudy::documents_used, 2, 100'000, "of them"),
      bounded("document_tokens", "tokens", &SystemsStudy::document_tokens, 8, 1 << 16, "of each"),
      bounded("held_out", "windows", &SystemsStudy::held_out, 2, 1 << 20, "of text, for perplexities"),
      bounded("search_budget", "token forwards", &SystemsStudy::budget, 16, 1 << 22,
              "of one search of an attacker"),
      bounded("delta", "probability", &SystemsStudy::delta, 1e-300, 0.999, "of epsilon"),
      {{"seed", "whole number", "1", "of text, coins and resampling"},
       [](SystemsStudy& t, ObjectReader& r, const std::string& key) { t.seed = r.get(key, t.seed); }},
      bounded("threads", "whole number", &SystemsStudy::threads, 1, 1024,
              "compute threads; the figures stay the same"),
  };
}

// One system over one link with one drafter; network kinds that send nothing have no link.
Scenario system_scenario(const SystemsStudy& study, const SystemChoice& system, Json link,
                         const std::string& decode) {
  Json json = study.run;
  json["name"] = study.name;
  link.erase("name");
  json["network"] = std::move(link);
  json["decode"] = {decode};
  json["rehearse"] = false;
  json["stop_at_eos"] = false;
  json.merge_patch(system.keys);
  return read_scenario(json, study.file);
}

// What prompts over one link come to.
struct Speed {
  double tokens_per_s = 0, first_token_s = 0, bytes_per_token = 0;
  std::vector<std::vector<engine::Token>> texts;
};

Speed speed_of(Scenario s, Resources& resources, const Stop& stop) {
  fit_prompts(s, resources);
  Speed speed;
  double time = 0, tokens = 0, bytes = 0;
  for (const Prompt& prompt : s.prompts) {
    if (stop()) throw attacks::Stopped();
    const Outcome outcome =
        run_prompt(s, resources, s.decode.front(), prompt, prompt_ids(s, resources, prompt));
    time += engine::seconds(outcome.generation.total);
    speed.first_token_s +=
        engine::seconds(outcome.generation.prefill) / static_cast<double>(s.prompts.size());
    tokens += static_cast<double>(outcome.generation.output.size());
    for (const engine::Span& span : outcome.run.spans)
      if (span.op == engine::Op::send) bytes += static_cast<double>(span.bytes);
    speed.texts.push_back(outcome.generation.output);
  }
  speed.tokens_per_s = tokens / time;
  speed.bytes_per_token = bytes / tokens;
  return speed;
}

class Chart {
 public:
  Chart(const SystemsStudy& study, const Stop& stop) : study_(study), stop_(stop) {}

  Json row(const SystemChoice& system, const Json& link) {
    std::optional<Speed> best;
    std::string drafter;
    for (const std::string& decode : system.decode) {
      Speed speed = speed_of(system_scenario(study_, system, link, decode), resources_, stop_);
      if (best && best->tokens_per_s >= speed.tokens_per_s) continue;
      best = std::move(speed), drafter = decode;
    }
    const Json& leaks = leaks_of(system, link);
    const bool exact = best->texts == local_texts(link);
    Json row = {{"tokens_per_s", best->tokens_per_s},
                {"time_to_first_token_s", best->first_token_s},
                {"drafter", drafter},
                {"bytes_per_token", best->bytes_per_token},
                {"exact", exact},
                {"perplexity", leaks.value("perplexity", Json())}};
    for (const auto& [key, value] : leaks.items())
      if (key != "leaks" && key != "perplexity") row[key] = value;
    return row;
  }

 private:
  const Json& leaks_of(const SystemChoice& system, const Json& link) {
    const auto [found, fresh] = leaks_.try_emplace(system.name);
    if (fresh)
      found->second =
          system_leaks(study_, system_scenario(study_, system, link, system.decode.front()), stop_);
    return found->second;
  }

  const std::vector<std::vector<engine::Token>>& local_texts(const Json& link) {
    if (local_.empty()) {
      const SystemChoice here{
          "", {{"network", {{"kind", name_of(network_kind_for(Unnamed::all_here))}}}}, {"sequential"}};
      local_ = speed_of(system_scenario(study_, here, link, "sequential"), resources_, stop_).texts;
    }
    return local_;
  }

  const SystemsStudy& study_;
  const Stop& stop_;
  Resources resources_;
  std::map<std::string, Json> leaks_;
  std::vector<std::vector<engine::Token>> local_;
};

std::string percent(const Json& share) {
  return share.is_number() ? fmt::format("{:.1f} %", share.get<double>() * 100) : "-";
}

}  // namespace

std::vector<engine::SchemaKey> systems_study_schema() { return keys_of(systems_keys()); }

SystemsStudy read_systems_study(const Json& scenario, const std::string& file) {
  SystemsStudy study;
  study.file = file;
  study.text = scenario;
  ObjectReader r(scenario, file);
  for (const char* ignored : {"$schema", "note"}) r.find(ignored);
  read_rows(systems_keys(), study, r);
  r.done();
  std::set<std::string> names, links;
  for (const SystemChoice& system : study.systems)
    if (!names.insert(system.name).second) throw Error("{}: systems: two are called '{}'", file, system.name);
  for (const Json& link : study.links)
    if (!links.insert(link["name"].get<std::string>()).second)
      throw Error("{}: links: two are called {}", file, link["name"].dump());
  for (const SystemChoice& system : study.systems)  // all of them, before the first runs
    for (const Json& link : study.links)
      for (const std::string& decode : system.decode)
        check_attacked(system_scenario(study, system, link, decode), file + ": systems: " + system.name);
  return study;
}

Json run_systems_study(const SystemsStudy& study, const Json& earlier, const Stop& stop,
                       const StudyWatch& watch) {
  Chart chart(study, stop);
  std::vector<StudyJob> jobs;
  for (const SystemChoice& system : study.systems)
    for (const Json& link : study.links) {
      Json key = {{"system", system.name}, {"link", link["name"]}};
      jobs.push_back({"systems", key, [&, key] {
                        Json row = key;
                        row.update(chart.row(system, link));
                        return row;
                      }});
    }
  const Json about = {{"schema_version", 1},
                      {"study", "systems"},
                      {"name", study.name},
                      {"systems", Json::array()},
                      {"commit", build_commit_text()},
                      {"machine", to_json(machine(study.threads))},
                      {"scenario", study.text}};
  return run_jobs(about, jobs, earlier, watch);
}

std::string systems_tables(const Json& result) {
  std::string text = fmt::format("{:32} {:10} {:>9} {:>9}  {:12} {:>12}  {:6} {:>8} {:>8} {:>9}  {}\n",
                                 "system", "link", "tokens/s", "first s", "drafter", "bytes/token", "exact",
                                 "perpl.", "epsilon", "read", "by; parties, of which none may collude");
  for (const Json& r : result["systems"]) {
    const auto number = [&](const char* key, const char* format, const char* none) {
      return r[key].is_number() ? fmt::format(fmt::runtime(format), r[key].get<double>()) : std::string(none);
    };
    text += fmt::format(
        "{:32} {:10} {:>9.3f} {:>9.3f}  {:12} {:>12.0f}  {:6} {:>8} {:>8} {:>9}  {}; {}, {}\n",
        r["system"].get<std::string>(), r["link"].get<std::string>(), r["tokens_per_s"].get<double>(),
        r["time_to_first_token_s"].get<double>(), r["drafter"].get<std::string>(),
        r["bytes_per_token"].get<double>(), r["exact"].get<bool>() ? "yes" : "no",
        number("perplexity", "{:.2f}", "same"), number("epsilon", "{:.4g}", "none"),
        percent(r["attack_success"]), r["attack"].is_string() ? r["attack"].get<std::string>() : "nobody",
        r["parties"].dump(), r["non_colluding"].dump());
  }
  if (result["partial"].get<bool>()) text += "(interrupted: more rows are missing)\n";
  return text;
}

}  // namespace splitwan::scenarios
