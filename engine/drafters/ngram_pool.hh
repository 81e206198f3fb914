// N-grams by their first token: what may follow a token, the most recently seen first.
#pragma once

#include <deque>
#include <map>

#include "engine/base/types.hh"

namespace splitwan::engine {

class NgramPool {
 public:
  using Continuation = std::vector<Token>;
  explicit NgramPool(int candidates) : candidates_(static_cast<std::size_t>(candidates)) {}

  // Each first token keeps so many continuations; one seen again moves to the front.
  void add(std::span<const Token> ngram);
  const std::deque<Continuation>& after(Token first) const;

 private:
  std::size_t candidates_;
  std::map<Token, std::deque<Continuation>> pool_;
};

}  // namespace splitwan::engine
