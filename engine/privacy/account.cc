#include "engine/privacy/account.hh"

#include <cmath>

#include "engine/base/error.hh"
#include "engine/privacy/accountant.hh"

namespace splitwan::engine {
namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json of_rounds(const Accountant& a, double mu, double delta) {
  return {{"epsilon", a.epsilon(delta)},
          {"epsilon_pure", a.pure()},
          {"gdp_epsilon", gaussian_epsilon(mu, delta)}};
}

}  // namespace

std::string meaning_of(double epsilon, double delta) {
  if (epsilon <= 1)
    return fmt::format("epsilon {:.3g} at delta {:g}: a strong formal guarantee", epsilon, delta);
  if (epsilon <= 10)
    return fmt::format(
        "epsilon {:.3g} at delta {:g}: a formal guarantee, of the strength that deployed systems state",
        epsilon, delta);
  const double doubt = std::exp(-epsilon);
  return fmt::format(
      "epsilon {:.4g} at delta {:g}: no meaningful formal guarantee (who holds two texts equally likely may "
      "be left "
      "with a doubt of {}); what protection there is, is empirical: measure it with attacks",
      epsilon, delta, doubt > 0 ? fmt::format("{:.1e}", doubt) : fmt::format("e^-{:.0f}", epsilon));
}

Json account_of(const AccountQuestion& q) {
  const BinomialSpec& s = q.mechanism;
  check(s, "");
  if (!(q.delta > 0 && q.delta < 1)) throw Error("delta: expected between 0 and 1, found {:g}", q.delta);
  const std::uint64_t most = most_rounds / s.row_rounds();
  if (q.tokens < 1 || q.repeats < 1 || q.tokens > most / q.repeats)
    throw Error("tokens, repeats: expected 1 to {} together, found {} and {}", most, q.tokens, q.repeats);
  const std::uint64_t sent = q.tokens * q.repeats, of_token = q.depth > 0 ? sent : q.repeats;
  const Accountant all(sent * s.row_rounds(), s.corner()), token(of_token * s.row_rounds(), s.corner()),
      row(s.row_rounds(), s.corner());
  const auto root = [](std::uint64_t n) { return std::sqrt(static_cast<double>(n)); };
  Json j = to_json(s);
  j["tokens"] = q.tokens, j["repeats"] = q.repeats, j["depth"] = q.depth, j["delta"] = q.delta;
  j["rounds"] = sent * s.row_rounds();
  j["scale"] = s.scale(), j["corner"] = s.corner(), j["row_bytes"] = s.row_bytes();
  j.update(of_rounds(all, s.mu * root(sent), q.delta));
  j["token"] = of_rounds(token, s.mu * root(of_token), q.delta);
  j["token"]["rows"] = of_token;
  const double gamma = published_gamma(s.row_rounds(), s.clip / s.scale());
  j["published"] = {{"mu", s.mu},
                    {"gamma", gamma},
                    {"epsilon", number(published_epsilon(s.mu, gamma, q.delta))},
                    {"exact", row.epsilon(q.delta)}};
  j["total_variation"] = token.total_variation();
  j["renyi"] = Json::array();
  for (const double order : {1.0, 1.5, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0})
    j["renyi"].push_back({{"order", order}, {"epsilon", token.renyi(order)}});
  j["tradeoff"] = Json::array();
  for (const double alpha : {0.001, 0.01, 0.05, 0.1, 0.2, 0.5})
    j["tradeoff"].push_back({{"alpha", alpha}, {"beta", token.beta(alpha)}});
  j["meaning"] = meaning_of(j["token"]["epsilon"], q.delta);
  return j;
}

}  // namespace splitwan::engine
