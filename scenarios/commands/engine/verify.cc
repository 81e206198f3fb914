#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/philox.hh"
#include "engine/base/units.hh"
#include "engine/drafters/named.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/read/layer_range.hh"
#include "scenarios/read/scenario_options.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Token;

constexpr double largest_logit_difference = 1e-3;  // what rounding could explain in f32; ours is 0

struct VerifyOptions {
  ScenarioOptions keys;
  std::string decode, split = "2,2", link;
  std::vector<std::string> prompts;
  int random = 0;
  bool json = false;
};

// What a way of decoding wrote, token by token, with the logits that each token was chosen from.
struct Written {
  std::vector<Token> tokens;
  std::vector<at::Tensor> logits;
  std::uint64_t steps = 0, round_trips = 0;
};

// Sums over prompts of one drafter.
struct Verdict {
  std::size_t prompts = 0, differing = 0, tokens = 0, steps = 0, round_trips = 0;
  double max_logit_diff = 0, log_p = 0;
  std::string first_difference;

  void add(const Written& w, const Written& sequential, const std::string& prompt) {
    ++prompts;
    tokens += w.tokens.size();
    steps += w.steps;
    round_trips += w.round_trips;
    const auto [ours, theirs] = std::ranges::mismatch(w.tokens, sequential.tokens);
    const auto same = static_cast<std::size_t>(ours - w.tokens.begin());
    if (ours != w.tokens.end() || theirs != sequential.tokens.end()) {
      ++differing;
      if (first_difference.empty()) first_difference = fmt::format("{}, token {}", prompt, same);
    }
    // Logits are comparable as long as what they follow is the same: one token further than the tokens.
    for (std::size_t i = 0; i < std::min({same + 1, w.logits.size(), sequential.logits.size()}); ++i) {
      const double diff = (w.logits[i] - sequential.logits[i]).abs().max().item<double>();
      max_logit_diff = std::max(max_logit_diff, std::isnan(diff) ? INFINITY : diff);  // std::max drops NaN
    }
    for (std::size_t i = 0; i < w.tokens.size(); ++i)
      log_p += at::log_softmax(w.logits[i].to(at::kDouble), 0)[w.tokens[i]].item<double>();
  }

  bool holds() const {
    return differing == 0 && max_logit_diff < largest_logit_difference && round_trips == steps;
  }

  Json json(const std::string& name) const {
    Json j = {{"name", name},
              {"identical", differing == 0},
              {"prompts_differing", differing},
              {"max_logit_diff", max_logit_diff},
              {"self_perplexity", std::exp(-log_p / static_cast<double>(tokens))},
              {"tokens", tokens},
              {"tokens_per_step", static_cast<double>(tokens) / static_cast<double>(steps)},
              {"one_round_trip_a_step", round_trips == steps}};
    if (!first_difference.empty()) j["first_difference"] = first_difference;
    return j;
  }
};

std::vector<Prompt> random_prompts(int count, int vocabulary, std::uint64_t seed) {
  std::vector<Prompt> prompts;
  for (std::uint32_t p = 0; p < static_cast<std::uint32_t>(count); ++p) {
    Prompt prompt{fmt::format("random-{}", p + 1), "other", "", {}};
    const std::uint32_t length = 4 + engine::philox(seed, {p, 0, 1, 0})[0] % 60;
    for (std::uint32_t i = 0; i < length; ++i)
      prompt.ids.push_back(static_cast<Token>(engine::philox(seed, {p, i, 2, 0})[0] % vocabulary));
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

Scenario scenario_for(const VerifyOptions& o) {
  Scenario s;
  s.name = "verify";
  o.keys.read(s, "verify");
  engine::check(s.sampling);
  std::tie(s.head_layers, s.tail_layers) = parse_split(o.split);
  s.network.kind = network_kind_for(Unnamed::split_here);
  s.network.up = s.network.down = {};
  if (!o.link.empty()) s.network = parse_link(o.link);
  s.stop_at_eos = false;
  return s;
}

Written write(const Scenario& s, Resources& resources, const std::string& decode, const Prompt& prompt) {
  Written w;
  engine::GenerateOptions watch;
  watch.on_token = [&](Token, const at::Tensor& logits) { w.logits.push_back(logits.clone()); };
  const Outcome done = run_prompt(s, resources, decode, prompt, prompt_ids(s, resources, prompt), watch);
  w.tokens = done.generation.output;
  w.steps = done.generation.steps;
  w.round_trips = done.run.end["round_trips"];
  return w;
}

std::string verdict_table(const Json& out) {
  std::string text = fmt::format("{} prompts, split {}, against decoding one by one\n", out["prompts"].dump(),
                                 out["split"].get<std::string>());
  text += "drafter            identical  logits differ by  self-perplexity  tokens/step\n";
  for (const Json& d : out["drafters"])
    text += fmt::format("{:<18} {:>9} {:>17.2e} {:>16.5f} {:>12.3f}\n", d["name"].get<std::string>(),
                        d["identical"].get<bool>() ? "yes" : "NO", d["max_logit_diff"].get<double>(),
                        d["self_perplexity"].get<double>(), d["tokens_per_step"].get<double>());
  return text;
}

int verify_command(const VerifyOptions& o) {
  Scenario s = scenario_for(o);
  auto decodes =
      o.decode.empty() ? engine::every_drafter(!s.draft_model.empty()) : engine::split_list(o.decode);
  std::erase(decodes, "sequential");
  if (decodes.empty())
    throw Error("--decode {}: expected something to compare with decoding one by one", o.decode);
  for (const std::string& name : decodes) engine::check_drafter(name);
  Resources resources;
  const auto& config = resources.model(s.model, s.storage, s.place).config();
  std::vector<Prompt>& prompts = s.prompts;
  if (!o.prompts.empty()) prompts = read_prompts(Json(o.prompts), 0, "");
  const int random = o.random > 0 || !prompts.empty() ? o.random : 12;
  for (Prompt& p : random_prompts(random, config.vocabulary, s.seed)) prompts.push_back(std::move(p));

  s.skip_long_prompts = true;
  fit_prompts(s, resources);
  std::vector<Verdict> verdicts(decodes.size() + 1);
  Progress progress;
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    progress.show(p, prompts.size(), prompts[p].name);
    const Written sequential = write(s, resources, "sequential", prompts[p]);
    verdicts[0].add(sequential, sequential, prompts[p].name);
    for (std::size_t d = 0; d < decodes.size(); ++d)
      verdicts[d + 1].add(write(s, resources, decodes[d], prompts[p]), sequential, prompts[p].name);
  }
  Json out = {{"schema_version", 1},       {"model", o.keys.text("model")},
              {"split", o.split},          {"network", name_of(s.network.kind)},
              {"wire", s.wire->name()},    {"temperature", s.sampling.temperature},
              {"prompts", prompts.size()}, {"prompts_left_out", s.prompts_left_out},
              {"drafters", Json::array()}};
  bool holds = true;
  for (std::size_t d = 0; d < verdicts.size(); ++d) {
    out["drafters"].push_back(verdicts[d].json(d == 0 ? "sequential" : decodes[d - 1]));
    holds = holds && verdicts[d].holds();
  }
  out["holds"] = holds;
  fmt::print("{}", o.json ? out.dump() + "\n" : verdict_table(out));
  return holds ? 0 : 1;
}

}  // namespace

void add_verify_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<VerifyOptions>();
  o->keys.add(command, "model")->required();
  o->keys.add(command, "draft_model");
  command.add_option("--decode", o->decode, "drafters joined by commas (default: one of every kind)");
  command
      .add_option("--prompts", o->prompts,
                  "prompt sets (.json), question files (.jsonl) or texts; may be given several times")
      ->allow_extra_args(false);
  command
      .add_option("--random", o->random,
                  "also so many prompts of random tokens (12 when no other prompts are given)")
      ->check(CLI::Range(0, 100000));
  o->keys.add(command, "max_new_tokens", "32");
  command.add_option("--split", o->split, "HEAD,TAIL layers on this side")->capture_default_str();
  command.add_option("--link", o->link, "run the split inside ns-3: rtt=80ms,rate=100Mbit or a preset");
  for (const char* key : {"wire", "storage", "sampling.temperature", "seed", "threads"})
    o->keys.add(command, key);
  command.add_flag("--json", o->json, "print one JSON object");
  command.callback([o, &chosen] { chosen = [o] { return verify_command(*o); }; });
}

}  // namespace splitwan::scenarios
