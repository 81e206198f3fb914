#include "scenarios/read/scenario_keys.hh"

#include <algorithm>
#include <limits>

#include "engine/base/error.hh"
#include "scenarios/read/read_link.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using Reading = ScenarioReading;

// A key that is a member, as it is.
template <typename T>
auto plain(T Scenario::*member) {
  return [member](Reading& t, ObjectReader& r, const std::string& key) {
    t.scenario.*member = r.get(key, t.scenario.*member);
  };
}

auto whole(int Scenario::*member, int least, int most) {
  return [=](Reading& t, ObjectReader& r, const std::string& key) {
    const int value = t.scenario.*member = r.get(key, t.scenario.*member);
    if (value < least || value > most)
      throw Error("{}: expected {} to {}, found {}", r.path(key), least, most, value);
  };
}

auto needed(int Scenario::*member) {
  return [member](Reading& t, ObjectReader& r, const std::string& key) {
    t.scenario.*member = r.need<int>(key);
  };
}

template <typename T>
auto sampling(T engine::Sampling::*member) {
  return [member](Reading& t, ObjectReader& r, const std::string& key) {
    t.scenario.sampling.*member = r.get(key, t.scenario.sampling.*member);
  };
}

// A name that is looked up; the look-up says what it knows.
template <typename Use>
auto named(Use use) {
  return [use](Reading& t, ObjectReader& r, const std::string& key) {
    read_text(r, key, [&](const std::string& text) { use(t.scenario, text); });
  };
}

auto folder(std::string Scenario::*member) {
  return [member](Reading& t, ObjectReader& r, const std::string& key) {
    if (r.find(key)) t.scenario.*member = beside(t.folder, r.need<std::string>(key));
  };
}

void read_device(Reading& t, ObjectReader& r, const std::string& key) {
  if (r.find(key)) t.scenario.place = engine::device_named(r.need<std::string>(key), r.path(key));
}

void read_compute(Reading& t, ObjectReader& r, const std::string& key) {
  std::string& compute = t.scenario.compute = r.get(key, t.scenario.compute);
  for (const std::string kind : {"recorded:", "profile:"}) {
    if (compute.starts_with(kind))
      compute.replace(kind.size(), std::string::npos, beside(t.folder, compute.substr(kind.size())));
  }
}

void read_prompt_list(Reading& t, ObjectReader& r, const std::string& key) {
  if (const Json* prompts = r.find(key)) t.scenario.prompts = read_prompts(*prompts, t.prompt_limit, t.where);
}

std::vector<ScenarioKey> defence_keys() {
  std::vector<ScenarioKey> rows;
  for (const engine::DefenceKind& kind : engine::defence_kinds()) {
    if (!kind.runs()) continue;
    rows.push_back({{kind.key, kind.type, kind.otherwise, kind.help},
                    [&kind](Reading& t, ObjectReader& r, const std::string&) {
                      t.scenario.defences.add(kind, kind.read(r));
                    },
                    kind.list ? Form::numbers : Form::number});
  }
  return rows;
}

std::vector<ScenarioKey> all_keys() {
  std::vector<ScenarioKey> rows = {
      {{"name", "text", "the file's name", "of the study"}, plain(&Scenario::name)},
      {{"model", "folder", "", "config.json, *.safetensors, tokenizer"}, folder(&Scenario::model)},
      {{"split.head", "layers", "2", "kept by the client before the server's"},
       needed(&Scenario::head_layers)},
      {{"split.tail", "layers", "2", "kept by the client after the server's"},
       needed(&Scenario::tail_layers)},
      {{"storage", "auto, f32, bf16, f16, int8 or int4", "auto",
        "weights in memory (auto: as on disk); the output may change"},
       named([](Scenario& s, const std::string& text) { s.storage = engine::storage_named(text); })},
      {{"device", "cpu or cuda", "cpu", "where the layers kept here compute"}, read_device},
      {{"wire", engine::codec_names(), "f32", "activations on the wire; f32 is lossless"},
       named([](Scenario& s, const std::string& text) { s.wire = &engine::codec_named(text); })},
      {{"network", "object", usual_network_text(), "what joins client and server"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         if (const Json* network = r.find(key))
           t.scenario.network =
               read_network(*network, r.path(key), t.folder,
                            t.scenario.cascade.on ? &t.scenario.cascade.terms.sharding : nullptr);
         else if (t.scenario.cascade.on)
           t.scenario.network =
               read_network(Json::object(), r.path(key), t.folder, &t.scenario.cascade.terms.sharding);
       }},
      {{"compute", "reference, measured, recorded:TRACE or profile:FILE", "reference",
        "what work costs in virtual time"},
       read_compute},
      {{"decode", "list of drafters", "sequential",
        "sequential, ngram (n = 4), ngram-3 .. ngram-7, jacobi[-BLOCK], lookahead[-W-N-G], auto (by "
        "measurement); with a draft model: draft, draft-chain-LENGTH, draft-tree-ROWS"},
       plain(&Scenario::decode),
       Form::texts},
      {{"draft_model", "folder", "none", "of a small model with the same vocabulary, to guess with"},
       folder(&Scenario::draft_model)},
      {{"sampling.temperature", "number, 0 or above", "0", "0: always the most likely token; above: draws"},
       sampling(&engine::Sampling::temperature),
       Form::number},
      {{"sampling.top_k", "whole number", "0", "draw among the k most likely; 0: all"},
       sampling(&engine::Sampling::top_k),
       Form::number},
      {{"sampling.top_p", "share", "1", "draw among the fewest that hold this probability"},
       sampling(&engine::Sampling::top_p),
       Form::number},
      {{"sampling.min_p", "share", "0", "draw among those with this share of the best one's probability"},
       sampling(&engine::Sampling::min_p),
       Form::number},
      {{"sampling.repetition_penalty", "number", "1", "on tokens that occurred; 1: none"},
       sampling(&engine::Sampling::repetition_penalty),
       Form::number},
      {{"max_new_tokens", "whole number", "64", "of each prompt"},
       whole(&Scenario::max_new_tokens, 1, std::numeric_limits<int>::max()),
       Form::number},
      {{"stop_at_eos", "true or false", "true", "end at the end-of-text token"},
       plain(&Scenario::stop_at_eos)},
      {{"skip_long_prompts", "true or false", "false",
        "leave out prompts without room for max_new_tokens (else they are an error)"},
       plain(&Scenario::skip_long_prompts)},
      {{"rehearse", "true or false", "true",
        "try other drafters on each text once it is there (n-grams, lookahead; with a draft model its chains "
        "and "
        "trees), for advise; the run itself is the same"},
       plain(&Scenario::rehearse)},
      {{"threads", "whole number, 1 to 1024", "1", "compute threads"},
       whole(&Scenario::threads, 1, 1024),
       Form::number},
      {{"seed", "whole number", "1", "of sampling, noise and the simulated link"},
       plain(&Scenario::seed),
       Form::number},
      {{"prompts_per_class", "whole number", "0", "at most so many of each file's class; 0: all"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.prompt_limit = static_cast<int>(std::min(r.get(key, 0u), 1u << 30));
       }},
      {{"prompts",
        "list of prompt sets (.json), question files (.jsonl), texts or {name, class, text or ids}", "",
        "what is asked"},
       read_prompt_list},
  };
  auto sharded = cascade_keys();  // before what they change: the split's layers, the network's parties
  const auto split =
      std::ranges::find(rows, "split.head", [](const ScenarioKey& row) { return row.about.path; });
  rows.insert(split, sharded.begin(), sharded.end());
  const auto wire = std::ranges::find(rows, "wire", [](const ScenarioKey& row) { return row.about.path; });
  auto more = defence_keys();
  std::ranges::move(privacy_keys(), std::back_inserter(more));
  std::ranges::move(check_keys(), std::back_inserter(more));
  rows.insert(wire + 1, more.begin(), more.end());
  return rows;
}

}  // namespace

const std::vector<ScenarioKey>& scenario_keys() {
  static const std::vector<ScenarioKey> rows = all_keys();
  return rows;
}

}  // namespace splitwan::scenarios
