// An account of a mechanism in words and figures, as `splitwan privacy` prints it and summaries quote it.
#pragma once

#include "engine/privacy/binomial.hh"

namespace splitwan::engine {

struct AccountQuestion {
  BinomialSpec mechanism;
  double delta = 1e-5;
  std::uint64_t tokens = 1;   // rows that are sent in all
  std::uint64_t repeats = 1;  // of the whole, with fresh draws
  int depth = 0;              // layers before the mechanism: from 1 on, a token is in every later row, too
};

// {mu, bits, width, clip, tokens, repeats, depth, delta, epsilon, epsilon_pure, gdp_epsilon, token {..},
// published
// {..}, renyi, tradeoff, meaning}: epsilon is of all that is sent, token.epsilon of one token of it.
Json account_of(const AccountQuestion&);

// What such an epsilon is worth, in a sentence. Nothing above a few is called privacy.
std::string meaning_of(double epsilon, double delta);

}  // namespace splitwan::engine
