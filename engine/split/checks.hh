// Spot checks: a client that has some of the server's layers too recomputes one now and then (README).
//
// check -> commitment: the server's SHA-256 of its rows at every boundary of its layers, for all committed
// positions. draw -> evidence: only then the client draws a layer, fetches what went into it and what came
// out, and computes it again. Rows are compared bit for bit.
#pragma once

#include <optional>

#include "engine/layers/layers.hh"
#include "engine/party/check.hh"
#include "engine/privacy/random_bits.hh"
#include "engine/split/answers.hh"
#include "engine/split/sha256.hh"
#include "engine/wire/codec.hh"

namespace splitwan::engine {

struct Checking {
  int every_steps = 0;                    // from one check to the next; one more at the end
  int draws = 1;                          // layers of each check
  std::vector<const LayerStack*> layers;  // to draw from, one layer each
  int length = 0;                         // positions that the session is planned to reach
  RandomBits bits = {};                   // draws are the operating system's, but in virtual time
};

// The chance that a check finds a wrong layer among `all`, one of them, the server not knowing which ones the
// client has: drawn / all. Per step that is a share of every_steps.
double chance_per_check(const Checking&, int all);

// Of a server's welcome to a client that wants to check: what its layers compute with.
Json offer_checks(const LayerStack& middle);

// A client's, of one session.
class SpotChecks {
 public:
  // Throws Error where `middle` has no layer of those that are to be drawn, or too few.
  // `back`: of what the server answers.
  SpotChecks(Party&, PartyId server, Checking, LayerRange middle, int width, const Codec& back);

  // Throws Error where the server makes no checks, or computes with something else than this machine: the
  // last bits would differ, and an honest server be accused.
  void welcomed(const Json& welcome) const;

  // Rows on their way, [rows, width]: as the server reads them, and as they came back.
  void sent(at::Tensor rows) { sent_ = std::move(rows); }
  void received(at::Tensor rows) { received_ = std::move(rows); }
  // Those of the last ones that are kept.
  void commit_sent(std::span<const std::int32_t> rows);
  void commit_received(std::span<const std::int32_t> rows);

  void step_done() { ++since_; }
  bool due(bool at_the_end) const;
  // `keep`: rows that the server was not told to keep yet. Nothing else is under way. Throws Error naming the
  // step and the layer when the server lied; the trace has it by then.
  void run(std::vector<std::int32_t> keep, std::optional<Nanos> patience);

 private:
  using Commitments = std::vector<Sha256::Digest>;  // by boundary
  class Recomputed;
  std::vector<const LayerStack*> draw();
  Commitments commitments(std::vector<std::int32_t> keep, Check&);
  void check_layer(const LayerStack&, const Commitments&, Check&);
  void send(Message, Check&);
  Message answer(const Asking&, Check&);

  Party& party_;
  PartyId server_;
  Checking terms_;
  LayerRange middle_;
  int width_;
  const Codec& back_;
  at::Tensor sent_, received_;
  Sha256 inputs_, outputs_;  // of the committed rows, in order
  std::uint32_t committed_ = 0;
  int since_ = 0;  // steps since the last check
  std::optional<Nanos> patience_;
};

}  // namespace splitwan::engine
