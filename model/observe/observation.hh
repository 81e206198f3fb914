// A trace boiled down to one line per forward pass: what it carried and where its time went.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/party/step_parts.hh"
#include "engine/party/trace.hh"
#include "model/observe/condition.hh"

namespace splitwan::model {

// Seconds that a step waits for the network, by cause.
struct Waits {
  double wire_s = 0;                                   // bits on the link
  double rtt_s = 0;                                    // the rest of what is waited for without chance
  double recovery_s = 0, timeout_s = 0, jitter_s = 0;  // what chance adds: losses that what follows gives
                                                       // away, losses that a timeout finds, jitter
  double resent = 0;                                   // segments sent again, both ways
  double loss_s() const { return recovery_s + timeout_s; }
  double total_s() const { return wire_s + rtt_s + loss_s() + jitter_s; }
};

struct Observation {
  std::size_t run = 0;  // index in the runs observed
  Condition condition;
  std::string drafter, prompt, prompt_class;
  bool prefill = false;
  double rows = 0, context = 0;
  double bytes_up = 0, bytes_down = 0;             // headers included
  std::uint32_t flights_up = 0, flights_down = 0;  // 0 = not known
  std::uint32_t round_trips = 0;                   // request-reply pairs
  double client_s = 0;                             // all client work
  double draft_s = 0;                              // of client_s: guessing and checking guesses
  double verify_s = 0;                             // of draft_s: checking them
  double lead_s = 0;                               // of client_s: before its first request was out
  double server_s = 0;                             // how long the server held the last request
  double network_s = 0;                            // last request out to last reply in, less server_s
  double overhead_s = 0;                           // what is left of total_s
  double total_s = 0;
  double pause_s = 0;  // before it, since the step before, without spot checks
  // A spot check's messages before it: what the connection carried.
  std::vector<engine::Exchange> checked = {};
  // Its connection was lost in it or before: what the new one has under way is not followed.
  bool lost = false;
  std::uint32_t drafted = 0, accepted = 0;
  std::uint32_t retransmits = 0;            // segments sent again, either way
  engine::TcpSample tcp;                    // of the client's own socket after the step
  std::vector<engine::Exchange> exchanges;  // held_s: the server's work on that request alone
  // What theory makes of these exchanges, with the work as it was measured; fit() asks for it once.
  std::optional<Waits> expected = {};

  bool crossed() const { return bytes_up > 0 && bytes_down > 0; }  // the step used the network
};

// In trace order. Throws Error when a header names no network or no drafter.
std::vector<Observation> observe(const std::vector<engine::Run>&);

// Runs, observed once: what summaries, fits and reports are made from.
struct Study {
  explicit Study(std::vector<engine::Run> of) : runs(std::move(of)), steps(observe(runs)) {}
  std::vector<engine::Run> runs;
  std::vector<Observation> steps;
};

}  // namespace splitwan::model
