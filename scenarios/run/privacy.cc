#include "scenarios/run/privacy.hh"

#include "engine/privacy/account.hh"

namespace splitwan::scenarios {

engine::Mechanism mechanism_of(const Scenario& s, const engine::DelWeights& weights, std::uint64_t seed) {
  const PrivacyChoice& p = s.privacy;
  const engine::MechanismTerms terms{{p.mu, p.bits, weights.maps->width, weights.clip}, p.cap, p.soft_prompt};
  const bool real = row_of(s.network.kind).wall_time;
  return {terms,
          std::make_shared<engine::Releases>(
              engine::BinomialRows(terms.spec, weights.maps, p.cap),
              real ? engine::RandomBits() : engine::RandomBits(seed),
              p.budget.empty() ? std::nullopt : std::optional(engine::Budget(p.budget, terms.spec))),
          p.generated};
}

Json privacy_header(const PrivacyChoice& p, const std::optional<engine::Mechanism>& mechanism) {
  if (!mechanism) return {};
  return {{"trust", engine::name_of(p.trust)},
          {"mechanism", to_json(mechanism->terms.spec)},
          {"cap", p.cap},
          {"soft_prompt", p.soft_prompt},
          {"generated", p.text_comes_back() ? "the server's own"
                        : p.generated       ? "mechanism"
                                            : "exposed"},
          {"random_bits", mechanism->releases->bits_from()}};
}

Json privacy_spent(const PrivacyChoice& p, const engine::Mechanism& mechanism, int depth) {
  const std::uint64_t rows = mechanism.releases->drawn();
  const Json account =
      engine::account_of({.mechanism = mechanism.terms.spec, .tokens = rows, .depth = depth});
  Json spent = {{"rows", rows},
                {"exposed_rows", mechanism.releases->exposed()},
                {"delta", account["delta"]},
                {"epsilon_token", account["token"]["epsilon"]},
                {"epsilon", account["epsilon"]},
                {"meaning", account["meaning"]}};
  if (mechanism.releases->exposed() > 0 && depth > 0) {
    spent["epsilon_token"] = spent["epsilon"] = Json();
    spent["meaning"] = "none: behind layers, the exposed rows depend on every token before them";
  }
  if (p.text_comes_back()) spent["text"] = "the server wrote it";
  return spent;
}

}  // namespace splitwan::scenarios
