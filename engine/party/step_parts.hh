// Where one step's time went, from one party's own spans of it.
#pragma once

#include <span>

#include "engine/party/trace.hh"

namespace splitwan::engine {

struct StepParts {
  double work_s = 0;                               // of this party, all phases
  double draft_s = 0, verify_s = 0;                // of it: guessing, and checking guesses
  double lead_s = 0;                               // of it: before its first request was out
  double head_rows = 0, sent_rows = 0;             // of head work, of messages
  double bytes_up = 0, bytes_down = 0;             // greetings included
  std::uint32_t round_trips = 0, retransmits = 0;  // messages received; segments sent again on their way
  // The last exchange: of a prompt's chunks it is the one that is waited for.
  double rows = 0, last_bytes_up = 0, last_bytes_down = 0;
  Nanos sent{}, arrived{}, held{};
  std::uint32_t flights = 0, cwnd = 0;  // of the reply; 0 = not known
  TcpSample tcp;

  void add(const Span&);
  double held_s() const { return seconds(held); }
  double network_s() const { return seconds(arrived - sent) - held_s(); }
};

StepParts parts_of(std::span<const Span>);

}  // namespace splitwan::engine
