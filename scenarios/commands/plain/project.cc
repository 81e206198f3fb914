// project and advise: what a fitted model says about networks and systems nobody ran.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/base/units.hh"
#include "model/ask/advice.hh"
#include "model/ask/inverse.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/plain/model_question.hh"
#include "scenarios/commands/plain/model_tables.hh"
#include "scenarios/console/result.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

constexpr const char* usual_rtts = "20ms,40ms,60ms,80ms,100ms,120ms,150ms,200ms";

struct ProjectOptions {
  std::string model, output, target, prompt_class;
  std::vector<std::string> drafters;
  LinkWords link;
  VariantWords variant;
  model::Request request;
  std::size_t top = 10;
  std::string shards, clusters;  // of a model of sharded tokens
  bool json = false;
};

std::vector<std::string> drafters_of(const ProjectOptions& o, const model::LatencyModel& m) {
  if (!o.drafters.empty()) return o.drafters;
  std::vector<std::string> all;
  all.reserve(m.drafters.size());
  for (const auto& d : m.drafters) all.push_back(d.drafter);
  return all;
}

double parse_target(const std::string& text) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
  }
  const std::string unit = text.substr(std::min(used, text.size()));
  if (!(value > 0) || std::isinf(value) || (!unit.empty() && unit != "tok/s" && unit != "tokens/s"))
    throw Error("target '{}': expected tokens per second, as in 15tok/s", text);
  return value;
}

model::LatencyModel read_varied(const ProjectOptions& o, std::vector<std::string>& assumptions) {
  const model::LatencyModel m = model::read_model_file(o.model);
  assumptions = caveats(m);
  return vary(m, variant_of(o.variant), assumptions);
}

// What the rate needs, per drafter; 1 when nothing would give it.
int answer_target(const ProjectOptions& o, const model::LatencyModel& m,
                  const std::vector<std::string>& assumptions) {
  const double target = parse_target(o.target);
  const auto conditions = conditions_of(o.link, m);
  Json j = {{"schema_version", 1},
            {"target_tokens_per_s", target},
            {"assumptions", assumptions},
            {"needs", Json::array()}};
  bool possible = false;
  for (const model::Condition& c : conditions) {
    for (const std::string& drafter : drafters_of(o, m)) {
      const model::Need need = what_it_takes(m, c, drafter, target, o.prompt_class);
      Json& row = j["needs"].emplace_back(link_json(c));
      row.update(to_json(need));
      for (const char* way : {"longest_rtt_s", "least_bps", "least_tokens_per_step"})
        possible |= !row[way].is_null();
    }
  }
  show_result(o.output, o.json, j, needs_table(j));
  return possible ? 0 : 1;
}

// Sharded tokens: every number of shards, length of cluster, link and shape of a step.
int project_sharded(const ProjectOptions& o, const model::CascadeModel& m) {
  const bool other = !o.target.empty() || !o.prompt_class.empty() || !o.variant.split.empty() ||
                     !o.variant.wire.empty() || !o.variant.geometry.empty() || o.variant.width ||
                     o.variant.tokens_per_step || o.variant.client_speed != 1 ||
                     o.variant.server_speed != 1 || o.request.prompt_tokens || o.request.tokens;
  if (other)
    throw Error(
        "{}: a model of sharded tokens: project asks it of --shards, --clusters, --drafter and the link "
        "alone",
        o.model);
  model::LatencyModel usual;
  usual.conditions.push_back({m.usual, m.runs, m.steps});
  LinkWords link = o.link;
  if (link.rtt.empty() && link.probe.empty()) link.rtt = usual_rtts;
  const auto numbers = [](const std::string& text, const std::set<int>& fitted) {
    return text.empty() ? std::vector<int>(fitted.begin(), fitted.end()) : engine::parse_integers(text, ',');
  };
  Json j = {{"schema_version", 1}, {"points", Json::array()}};
  std::vector<model::ShardPoint> points;
  for (const int alpha : numbers(o.shards, m.alphas))
    for (const int cluster : numbers(o.clusters, m.clusters))
      for (const model::Condition& c : conditions_of(link, usual))
        for (const model::ShardShape& shape : m.shapes) {
          if (!o.drafters.empty() && std::ranges::count(o.drafters, shape.drafter) == 0) continue;
          j["points"].push_back(to_json(points.emplace_back(project(m, alpha, cluster, c, shape))));
        }
  if (points.empty()) throw Error("{}: knows none of the drafters asked for", o.model);
  show_result(o.output, o.json, j, sharded_projection_table(points));
  return 0;
}

// Of what the file holds: a model of sharded tokens, or none.
std::optional<model::CascadeModel> sharded_model(const std::string& path) {
  std::ifstream in(path);
  const Json json =
      Json::parse(in, nullptr, /*allow_exceptions=*/false);  // another reader says what is wrong
  if (!model::is_cascade_model(json)) return {};
  return model::cascade_model_of(json, path);
}

int run_project(const ProjectOptions& o) {
  engine::check_output(o.output, std::vector{o.model});
  if (const auto sharded = sharded_model(o.model)) return project_sharded(o, *sharded);
  if (!o.shards.empty() || !o.clusters.empty())
    throw Error("{}: --shards, --clusters: this is no model of sharded tokens", o.model);
  std::vector<std::string> assumptions;
  const model::LatencyModel m = read_varied(o, assumptions);
  if (!o.target.empty()) return answer_target(o, m, assumptions);
  LinkWords link = o.link;
  if (link.rtt.empty() && link.probe.empty()) link.rtt = usual_rtts;
  assumptions.push_back(queue_assumed(conditions_of(link, m).front()));
  Json j = {{"schema_version", 1}, {"assumptions", assumptions}, {"points", Json::array()}};
  std::vector<model::Point> points;
  for (const model::Condition& c : conditions_of(link, m)) {
    for (const std::string& drafter : drafters_of(o, m))
      j["points"].push_back(
          to_json(points.emplace_back(project(m, c, drafter, o.prompt_class, 1, 32, o.request))));
  }
  show_result(o.output, o.json, j, projection_table(points, assumptions));
  return 0;
}

int run_advise(const ProjectOptions& o) {
  engine::check_output(o.output, std::vector{o.model});
  if (sharded_model(o.model))
    throw Error("{}: a model of sharded tokens: advise ranks splits, drafters and wires of two parties",
                o.model);
  std::vector<std::string> assumptions;
  const model::LatencyModel m = model::read_model_file(o.model);
  assumptions = caveats(m);
  const auto conditions = conditions_of(o.link, m);
  if (conditions.size() != 1) throw Error("advise: --rtt '{}': expected one round-trip time", o.link.rtt);
  assumptions.push_back(queue_assumed(conditions[0]));
  const auto advice = advise(m, variant_of(o.variant), conditions[0], o.top, assumptions);
  Json j = {{"schema_version", 1},
            {"link", link_json(conditions[0])},
            {"note",
             "ranked by expected tokens/s alone: fewer local layers and lower precision also change what the "
             "server can infer and how well the output agrees"},
            {"assumptions", assumptions},
            {"ranked", advice.ranked},
            {"bounds", advice.bounds},
            {"choices", Json::array()}};
  for (const model::Choice& c : advice.choices) j["choices"].push_back(to_json(c));
  show_result(o.output, o.json, j, advice_table(j));
  return 0;
}

std::shared_ptr<ProjectOptions> add_question(CLI::App& command, Chosen& chosen,
                                             int (*run)(const ProjectOptions&)) {
  auto o = std::make_shared<ProjectOptions>();
  command.add_option("MODEL", o->model, "model file that 'splitwan fit' wrote")->required();
  add_link_options(command, o->link);
  add_variant_options(command, o->variant);
  command.add_option("-o,--output", o->output, "also write the JSON result to this file");
  command.add_flag("--json", o->json, "print one JSON object (SI units) instead of a table");
  command.callback([&chosen, run, o] { chosen = [run, o] { return run(*o); }; });
  return o;
}

}  // namespace

void add_project_command(CLI::App& command, Chosen& chosen) {
  const auto o = add_question(command, chosen, run_project);
  command
      .add_option("--drafter", o->drafters,
                  "decoding to project, as in ngram; may be repeated (default: all)")
      ->allow_extra_args(false);
  command.add_option("--prompt-class", o->prompt_class, "of the prompts, as in code (default: all)");
  command
      .add_option("--prompt-tokens", o->request.prompt_tokens,
                  "of the prompt, as in 500 (default: the fitted prompts)")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--tokens", o->request.tokens, "of the whole answer, as in 200 (default: the fitted runs')")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--shards", o->shards,
                     "of sharded tokens' model: numbers of shards, as in 4,8 (default: as fitted)");
  command.add_option("--clusters", o->clusters,
                     "likewise: consecutive tokens of one shard, as in 1,3 (default: as fitted)");
  command.add_option("--target", o->target, "ask what a rate needs instead, as in 15tok/s");
}

void add_advise_command(CLI::App& command, Chosen& chosen) {
  const auto o = add_question(command, chosen, run_advise);
  command.add_option("--top", o->top, "choices to show")->capture_default_str();
}

}  // namespace splitwan::scenarios
