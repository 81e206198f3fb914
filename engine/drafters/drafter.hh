// Guesses; the model disposes. A wrong guess costs rows, never correctness.
#pragma once

#include <functional>
#include <string>

#include "engine/party/party.hh"

namespace splitwan::engine {

// What a verified step showed.
struct Verified {
  const TokenBatch& batch;
  std::span<const std::int32_t> accepted;  // the path that was kept, root first
  std::span<const Token> context;          // after the step; its last token is the next step's row 0
  const Step& step;                        // its times, up to now
  std::span<const Span> spans;             // what the client did in it: work, messages
  // What the model puts after any row, given that row's own path. Work in itself: never call it inside other
  // work.
  const std::function<Token(std::int32_t row)>& choice;
};

class Drafter {
 public:
  virtual ~Drafter() = default;
  // Once, after the prompt went through the model: what the client did for it.
  virtual void prefilled(std::span<const Span>) {}
  // The next step's tree. Row 0 is the last token of `context`, the only one the model has not seen; no path
  // is longer than 1 + `room` rows. What it computes is the drafter's to account for, as Phase::draft.
  virtual TokenBatch propose(Party&, std::span<const Token> context, int room) = 0;
  virtual void verified(Party&, const Verified&) {}
  // From here on no larger tree is of use: what it would cost to make can be saved.
  virtual void limit(int /*rows*/) {}
  // Why the last proposal is what it is, for the trace; empty where there was no choice.
  virtual std::string reason() const { return {}; }
};

// Adds a chain of tokens below `row`, sharing rows that are there already. Returns the chain's last row.
std::int32_t graft(TokenBatch&, std::int32_t row, std::span<const Token> chain);

// The child of `row` that holds `token`, the first of several; -1 = none.
std::int32_t child_holding(const TokenBatch&, std::int32_t row, Token token);

}  // namespace splitwan::engine
