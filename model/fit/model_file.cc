// Reading model.json, strictly: every key is known, every value has its type.
#include <algorithm>
#include <fstream>
#include <limits>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "model/fit/latency_model.hh"

namespace splitwan::model {
namespace {

using engine::Error;
using engine::ObjectReader;

double number_or_null(ObjectReader& in, const std::string& key, double null) {
  return in.at(key).is_null() ? null : in.need<double>(key);
}

double not_negative(ObjectReader& in, const std::string& key, double most = 1e12) {
  return in.number(key, 0, most);
}

Coefficient coefficient(ObjectReader& parent, const std::string& key) {
  ObjectReader in = parent.child(key);
  const Coefficient c{not_negative(in, "value"),
                      number_or_null(in, "error", std::numeric_limits<double>::quiet_NaN())};
  in.done();
  return c;
}

Range range(ObjectReader& parent, const std::string& key) {
  ObjectReader in = parent.child(key);
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  const Range r{number_or_null(in, "low", unlimited), number_or_null(in, "high", unlimited)};
  in.done();
  return r;
}

WorkCost work(ObjectReader& parent, const std::string& key) {
  ObjectReader in = parent.child(key);
  const WorkCost w{coefficient(in, "fixed_s"), coefficient(in, "per_row_s"),
                   coefficient(in, "per_row_context_s")};
  in.done();
  return w;
}

WorkNoise noise(ObjectReader& in) {
  WorkNoise noise;
  for (const Json& run : in.list("noise_us")) {
    const bool numbers = run.is_array() && !run.empty() &&
                         std::ranges::all_of(run, [](const Json& step) { return step.is_number(); });
    if (!numbers)
      throw engine::Error("{}: expected lists of numbers, found {}", in.path("noise_us"),
                          run.dump().substr(0, 40));
    noise.runs.emplace_back();
    for (const Json& step : run) noise.runs.back().push_back(step.get<double>() * 1e-6);
  }
  return noise;
}

PhaseModel phase(ObjectReader& parent, const std::string& key) {
  ObjectReader in = parent.child(key);
  PhaseModel p{work(in, "client"),
               work(in, "server"),
               coefficient(in, "overhead_s"),
               not_negative(in, "client_lead_share", 1),
               not_negative(in, "stragglers_s"),
               not_negative(in, "residual_s"),
               noise(in),
               in.need<std::size_t>("steps")};
  in.done();
  return p;
}

StepShape shape(const Json& j, const std::string& where) {
  ObjectReader in(j, where);
  const StepShape s{not_negative(in, "rows"), not_negative(in, "context"), not_negative(in, "bytes_up"),
                    not_negative(in, "bytes_down"), not_negative(in, "share")};
  in.done();
  return s;
}

ClassAcceptance gain(const Json& j, const std::string& where) {
  ObjectReader in(j, where);
  ClassAcceptance c{in.need<std::string>("class"), in.need<std::size_t>("prompts"),
                    in.need<std::size_t>("steps"), in.need<double>("tokens_per_step"),
                    in.need<double>("log_mean"),   in.need<double>("log_spread")};
  in.done();
  return c;
}

ChanceModel chance(ObjectReader& parent) {
  ObjectReader in = parent.child("chance");
  const ChanceModel c{coefficient(in, "loss"), coefficient(in, "jitter"), in.need<bool>("applied")};
  in.done();
  return c;
}

DrafterModel drafter(const Json& j, const std::string& where) {
  ObjectReader in(j, where);
  DrafterModel d;
  d.drafter = in.need<std::string>("drafter");
  d.runs = in.need<std::size_t>("runs");
  d.steps = in.need<std::size_t>("steps");
  d.draft_s = not_negative(in, "draft_s");
  d.acceptance.steps_by_tokens = in.need<std::vector<std::uint64_t>>("accepted");
  d.prompt = shape(in.at("prompt"), in.path("prompt"));
  for (const Json& s : in.list("prompts")) d.prompts.push_back(shape(s, in.path("prompts")));
  for (const Json& s : in.list("shapes")) d.shapes.push_back(shape(s, in.path("shapes")));
  d.acceptance.all = gain(in.at("all_prompts"), in.path("all_prompts"));
  for (const Json& c : in.list("classes")) d.acceptance.classes.push_back(gain(c, in.path("classes")));
  for (const char* derived :
       {"tokens_per_step", "rows_per_step", "bytes_up_per_step", "bytes_down_per_step", "steps_per_run"}) {
    in.find(derived);
  }
  in.done();
  if (d.shapes.empty() || !(d.tokens_per_step() > 0))
    throw Error("{}: drafter '{}' has no steps", where, d.drafter);
  if (constexpr std::size_t most = 1'000'000; d.steps_per_run() > most)
    throw Error("{}: drafter '{}' takes {} steps a run: expected {} at most", where, d.drafter,
                d.steps_per_run(), most);
  return d;
}

void read_source(ObjectReader& parent, LatencyModel& model) {
  ObjectReader in = parent.child("fitted_on");
  for (const char* key : {"compute", "plan", "wire", "privacy", "storage", "geometry", "machine", "mode"}) {
    if (const Json* value = in.find(key)) model.source[key] = *value;
  }
  const auto read = [&](const char* key, std::vector<FittedCondition>& into) {
    for (const Json& c : in.list(key)) {
      ObjectReader r(c, in.path(key));
      const Condition condition = condition_of(r);
      into.push_back({condition, r.need<std::size_t>("runs"), r.need<std::size_t>("steps")});
      r.done();
    }
  };
  read("conditions", model.conditions);
  if (in.find("left_out")) read("left_out", model.left_out);
  if (model.conditions.empty())
    throw Error("{}: expected one condition or more, found none", in.path("conditions"));
  in.find("drafters");
  in.done();
}

}  // namespace

LatencyModel model_of(const Json& j, const std::string& name) {
  if (!j.is_object() || j.value("kind", Json()) != model_kind) {
    throw Error(
        "{}: not a latency model: expected an object with \"kind\": \"{}\" ('splitwan fit' writes one)", name,
        model_kind);
  }
  ObjectReader in(j, name);
  if (const int version = in.need<int>("schema_version"); version != model_schema_version) {
    throw Error("{}: schema version {}, this build reads {}: fit its traces again", name, version,
                model_schema_version);
  }
  in.find("kind");
  LatencyModel m;
  read_source(in, m);
  m.decode = phase(in, "decode");
  if (const Json* prefill = in.find("prefill"); prefill && !prefill->is_null())
    m.prefill = phase(in, "prefill");
  m.initial_window = not_negative(in, "initial_window_segments");
  if (m.initial_window < 2)
    throw Error("{}: expected 2 or more, found {}", in.path("initial_window_segments"), m.initial_window);
  m.chance = chance(in);
  ObjectReader ranges = in.child("ranges");
  for (auto [key, into] : {std::pair{"rtt_s", &m.rtt_s},
                           {"up_bps", &m.up_bps},
                           {"down_bps", &m.down_bps},
                           {"loss", &m.loss},
                           {"jitter_s", &m.jitter_s},
                           {"rows", &m.rows},
                           {"context", &m.context}}) {
    *into = range(ranges, key);
  }
  ranges.done();
  for (const Json& d : in.list("drafters")) m.drafters.push_back(drafter(d, in.path("drafters")));
  if (m.drafters.empty()) throw Error("{}: expected one drafter or more, found none", in.path("drafters"));
  if (in.find("rehearsed"))
    for (const Json& d : in.list("rehearsed")) m.rehearsed.push_back(drafter(d, in.path("rehearsed")));
  for (const char* key : validation_keys) {
    if (const Json* value = in.find(key)) m.validation[key] = *value;
  }
  in.done();
  return m;
}

LatencyModel read_model_file(const std::string& path) {
  // A trace is JSON lines, which as one JSON text is only a syntax error: say what it is instead.
  std::ifstream in(path);
  std::string line;
  if (std::getline(in, line)) {
    const Json first = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (first.is_object() && first.value("type", Json()) == "run") {
      throw Error("{}: a trace, expected a model: make one with 'splitwan fit {} -o model.json'", path, path);
    }
  }
  return model_of(engine::read_json_file(path), path);
}

}  // namespace splitwan::model
