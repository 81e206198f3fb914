// The binomial mechanism of a scenario's run: made, stated in the header, and accounted for at the end.
#pragma once

#include "engine/split/mechanism.hh"
#include "scenarios/read/scenario.hh"

namespace splitwan::scenarios {

// Coins are the operating system's where time is real, and `seed`'s in virtual time. Throws Error naming the
// budget.
engine::Mechanism mechanism_of(const Scenario&, const engine::DelWeights&, std::uint64_t seed);
// null without a mechanism.
Json privacy_header(const PrivacyChoice&, const std::optional<engine::Mechanism>&);
// {rows, exposed_rows, delta, epsilon_token, epsilon, meaning}: of this run alone.
Json privacy_spent(const PrivacyChoice&, const engine::Mechanism&, int depth);

}  // namespace splitwan::scenarios
