// fit: a latency model from traces, and everything that it says about its own worth.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "model/fit/live.hh"
#include "model/judge/cascade_folds.hh"
#include "model/judge/published.hh"
#include "model/judge/unseen.hh"
#include "model/judge/validation.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/plain/model_tables.hh"
#include "scenarios/commands/plain/read_traces.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

struct FitOptions {
  std::vector<std::string> traces, tests;
  std::string output, published;
  bool json = false;
};

// A prediction of another system's traces would say nothing.
void refuse_other_source(const Json& fitted, const Json& other) {
  for (const char* key : {"geometry", "plan", "storage", "compute"}) {
    if (fitted.value(key, Json()) != other.value(key, Json()))
      throw Error("fit: --test: the traces differ from the fitted ones in '{}' ({}, {})", key,
                  fitted.value(key, Json()).dump(), other.value(key, Json()).dump());
  }
}

void say(const std::string& text) { remark("splitwan: fit: {}", text); }

void warn(const Json& j) {
  for (const Json& u : j["unidentified"])
    say(fmt::format("not told: {}: {}; a run that tells: {}", u["term"].get<std::string>(),
                    u["why"].get<std::string>(), u["run"].get<std::string>()));
  for (const Json& s : j["residual_test"]["suspects"])
    say(fmt::format("what is left still depends on: {}: the model lacks a term", s.get<std::string>()));
}

// Sharded tokens have a model of their own.
int fit_sharded(const FitOptions& o, const std::vector<engine::Run>& runs) {
  if (!o.tests.empty()) throw Error("fit: --test: sharded tokens are held out of the traces themselves");
  const auto sharded = model::observe_sharded(runs);
  model::CascadeModel fitted = model::fit_cascade(runs, sharded);
  {
    Progress progress;
    fitted.validation = model::validate(
        sharded, [&](auto done, auto total, const auto& what) { progress.show(done, total, what); });
  }
  if (fitted.inferred) say("the nodes' own work is in no trace: it is what the client's steps leave");
  show_result(o.output, o.json, to_json(fitted), cascade_table(fitted));
  return 0;
}

int fit_traces(const FitOptions& o) {
  std::vector<engine::Run> runs = read_traces(o.traces);
  if (std::ranges::any_of(runs, [](auto& run) { return model::is_sharded(run.header); }))
    return fit_sharded(o, runs);
  const model::Fittable seen = model::fittable(model::study_of(std::move(runs)));
  model::LatencyModel fitted = model::fit(seen);
  {
    Progress progress;
    fitted.validation = model::validate(fitted, seen.steps, [&](auto done, auto total, const auto& what) {
      progress.show(done, total, what);
    });
  }
  if (!o.tests.empty()) {
    const model::Fittable others = model::fittable(model::study_of(read_traces(o.tests)), true);
    for (const model::FittedCondition& c : others.left_out)
      say(fmt::format("--test: left out: {} runs over {}", c.runs, label(c.condition)));
    refuse_other_source(fitted.source, others.source);
    fitted.validation.update(test_on(fitted, seen.steps, others.steps));
  }
  const Json j = to_json(fitted);
  for (const std::string& caveat : caveats(fitted)) say(caveat);
  warn(j);
  show_result(o.output, o.json, j, fit_table(fitted));
  return 0;
}

int run_fit(const FitOptions& o) {
  std::vector<std::string> inputs = o.traces;
  inputs.insert(inputs.end(), o.tests.begin(), o.tests.end());
  if (!o.published.empty()) inputs.push_back(o.published);
  engine::check_output(o.output, inputs);
  if (!o.tests.empty() && !o.published.empty())
    throw Error("fit: --test goes with traces, not with --published");
  for (const std::string& test : o.tests) {
    if (std::find(o.traces.begin(), o.traces.end(), test) != o.traces.end())
      throw Error("fit: --test {}: is fitted to as well: it would test nothing", test);
  }
  if (o.traces.empty() == o.published.empty()) throw Error("fit: expected either traces or --published FILE");
  if (o.published.empty()) return fit_traces(o);
  const Json j = model::compare_published(model::read_published(o.published));
  show_result(o.output, o.json, j, published_table(j));
  return j["closer"] == true ? 0 : 1;
}

}  // namespace

void add_fit_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<FitOptions>();
  command.add_option("TRACE", o->traces, "trace files that 'splitwan run -o' wrote, as in trace.jsonl");
  command.add_option("-o,--output", o->output, "model file to write, as in model.json ('-': stdout)");
  command.add_option("--test", o->tests, "traces to predict and not to fit, as of another kind of network")
      ->allow_extra_args(false);
  command.add_option(
      "--published", o->published,
      "instead of traces: the published measurements (JSON), predicted by their formula and by ours");
  command.add_flag("--json", o->json, "print one JSON object (SI units) instead of a table");
  command.callback([&chosen, o] { chosen = [o] { return run_fit(*o); }; });
}

}  // namespace splitwan::scenarios
