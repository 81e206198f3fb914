#include "scenarios/study/cell.hh"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "analysis/attacks/mechanism/strength.hh"
#include "engine/base/error.hh"
#include "engine/privacy/account.hh"

namespace splitwan::scenarios {
namespace {

using engine::BinomialSpec;
using engine::Json;

Json both(const Interval& i) { return {i.low, i.high}; }
Json three(const Interval& i) { return {i.value, i.low, i.high}; }

void add_utility(Json& row, const Losses& losses, std::uint64_t seed) {
  const Interval p = perplexity(losses, seed), a = agreement(losses, seed);
  row["perplexity"] = p.value, row["perplexity_ci90"] = both(p);
  row["agreement"] = a.value, row["agreement_ci90"] = both(a);
}

void add_attacks(Json& row, const std::vector<attacks::AttackResult>& results) {
  const auto& best = attacks::strongest(results);
  row["attack"] = best.attacker;
  row["attack_success"] = best.figures.top1;
  row["attack_success_ci90"] = {best.figures.low, best.figures.high};
  row["attacks"] = Json::object();
  for (const auto& r : results)
    row["attacks"][r.attacker] = {{"success", r.figures.top1}, {"ci90", {r.figures.low, r.figures.high}}};
}

attacks::AttackChoice choice(const DelOptions& o) {
  return {.attackers = o.attackers, .beam = o.beam, .threads = o.threads};
}

attacks::MechanismView view(const Shared& s, const Ground& g, const BinomialSpec& spec,
                            const std::string& kind) {
  attacks::Mechanism m{.kind = kind, .binomial = spec, .delta = s.options.delta};
  return {s.knowledge, g.weights().depth, g.weights().maps, m, s.options.seed};
}

void add_account(Json& row, const DelOptions& o, const Ground& g, const BinomialSpec& spec) {
  const Json account = engine::account_of({.mechanism = spec,
                                           .delta = o.delta,
                                           .tokens = static_cast<std::uint64_t>(o.prompt_tokens),
                                           .depth = g.weights().depth});
  row["delta"] = o.delta;
  row["epsilon"] = account["token"]["epsilon"];
  row["epsilon_rows"] = account["token"]["rows"];
  row["epsilon_prompt"] = account["epsilon"];
  row["meaning"] = account["meaning"];
}

}  // namespace

at::Tensor mean_row(const Frozen& f, std::span<const engine::Token> prompt,
                    std::span<const engine::Token> text) {
  const at::NoGradGuard guard;
  std::vector<std::int64_t> ids(prompt.begin(), prompt.end());
  ids.insert(ids.end(), text.begin(), text.end());
  const auto rows = static_cast<std::int64_t>(ids.size());
  const at::Tensor x = at::embedding(f.model.embedding, at::tensor(ids, at::kLong));
  const at::Tensor y = f.layers(x, {0, f.config.layers}, 1, static_cast<int>(rows));
  return rms_norm(y.narrow(0, rows - static_cast<std::int64_t>(text.size()),
                           static_cast<std::int64_t>(text.size())),
                  f.model.final_norm, f.config.rms_eps)
      .mean(0);
}

double similarity(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += at::cosine_similarity(a[i], b[i], 0).item<float>();
  return sum / static_cast<double>(a.size());
}

Json cell(const Shared& s, Ground& g, double mu, int bits, const Stop& stop) {
  const DelOptions& o = s.options;
  const BinomialSpec spec = g.spec(mu, bits);
  const at::Tensor prompt = g.soft_prompt(spec, o.soft_prompt, stop);
  const bool compare = prompt.defined() && o.soft_prompt != "noiseless";
  Json row = {{"mu", mu},
              {"bits", bits},
              {"width", spec.width},
              {"mode", engine::name_of(o.trust)},
              {"depth", g.weights().depth},
              {"soft_prompt", o.soft_prompt},
              {"soft_prompt_rows", prompt.defined() ? prompt.size(0) : 0}};
  add_account(row, o, g, spec);
  const NoisyModel model = g.model(spec);
  const auto judged = [&](const Ground::Text& t, const at::Tensor& rows) {
    return judge(g.judging(t), model, rows);
  };
  const Ground::Text& own = g.texts().front();
  const Losses with = judged(own, prompt);
  add_utility(row, with, o.seed);
  row["maps_only_perplexity"] = g.maps_only_perplexity();
  if (compare) {
    const Losses without = judged(own, {}), noiseless = judged(own, g.soft_prompt(spec, "noiseless", stop));
    row["no_prompt_perplexity"] = perplexity(without, o.seed).value;
    row["noiseless_prompt_perplexity"] = perplexity(noiseless, o.seed).value;
    row["gain_over_none_ci90"] = three(gain(without, with, o.seed));
    row["gain_over_noiseless_ci90"] = three(gain(noiseless, with, o.seed));
  }
  for (std::size_t i = 1; i < g.texts().size(); ++i) {
    const Interval p = perplexity(judged(g.texts()[i], prompt), o.seed);
    row["other_texts"].push_back(
        {{"text", g.texts()[i].name}, {"perplexity", p.value}, {"perplexity_ci90", both(p)}});
  }
  row["bits_per_token"] = 8 * spec.row_bytes();
  const SessionKind kind{g.weights().folder, spec, g.weights().depth, o.soft_prompt};
  std::vector<at::Tensor> answers;
  for (const auto& asked : s.prompts) {
    if (stop()) throw attacks::Stopped{};
    answers.push_back(mean_row(g.frozen(), asked, continuation(o, s.resources, kind, asked)));
  }
  if (!answers.empty()) row["similarity"] = similarity(answers, s.answers);
  add_attacks(row, attacks::attack_rows(view(s, g, spec, "binomial"), s.documents, choice(o), stop));
  row["time_to_first_token_s"] = Json::object();
  for (const std::string& link : o.links)
    row["time_to_first_token_s"][link] = first_token_s(o, s.resources, kind, link, s.long_prompt);
  return row;
}

Json baseline(const Shared& s, Ground& g, const std::string& kind, const BinomialSpec& spec, double strength,
              const Stop& stop) {
  const DelOptions& o = s.options;
  attacks::MechanismView seen = view(s, g, spec, kind);
  const auto& known = attacks::channel_kind(kind);
  Json row = {{"kind", kind}};
  if (known.by_own) seen.mechanism = attacks::with_strength(seen.mechanism, strength);
  if (known.by_own) row["epsilon"] = strength;
  if (known.by_mu) {
    row["mu"] = spec.mu, row["bits"] = spec.bits;
    add_account(row, o, g, spec);
  }
  if (known.maps) row["width"] = spec.width;
  const auto channel = attacks::make_channel(seen.mechanism, seen.maps, s.knowledge);
  add_utility(row, judge(g.judging(g.texts().front()), g.frozen(), g.clean(), *channel, o.seed), o.seed);
  add_attacks(row, attacks::attack_rows(seen, s.documents, choice(o), stop));
  return row;
}

Json calibrated(const Shared& s, Ground& g, int bits, double target, const std::string& by,
                const Stop& stop) {
  const attacks::StrengthGoal goal{.success = target, .by = by};
  const BinomialSpec spec = g.spec(20, bits);
  attacks::MechanismView seen = view(s, g, spec, "binomial");
  attacks::AttackChoice sought = choice(s.options);
  if (!by.empty()) sought.attackers = {by};
  auto found = attacks::calibrate(seen, s.documents, sought, goal, stop);
  if (!by.empty()) {  // what the others find at the noise that one of them chose
    seen.mechanism = attacks::with_strength(seen.mechanism, found.at.strength);
    found.attacks = attacks::attack_rows(seen, s.documents, choice(s.options), stop);
  }
  Json row = {{"target", target},         {"by", by.empty() ? "strongest" : by},
              {"width", spec.width},      {"bits", bits},
              {"mu", found.at.strength},  {"success", found.at.success},
              {"rounds", found.at.rounds}};
  if (!found.at.met()) row["not_met"] = found.at.why;
  add_account(row, s.options, g, g.spec(found.at.strength, bits));
  add_attacks(row, found.attacks);
  return row;
}

}  // namespace splitwan::scenarios
