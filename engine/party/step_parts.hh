// Where one step's time went, from one party's own spans of it.
#pragma once

#include <span>
#include <vector>

#include "engine/party/trace.hh"

namespace splitwan::engine {

// One request and its reply, and the client's own work beside it. A step has one; a prompt's chunks are sent
// without waiting and answered in their order.
struct Exchange {
  double rows = 0, context = 0;
  double bytes_up = 0, bytes_down = 0;
  double lead_s = 0;  // work since the request before, of the step's layers
  double tail_s = 0;  // work on the reply
  double held_s = 0;  // how long the server had the request
};

struct StepParts {
  double work_s = 0;                               // of this party, all phases
  double draft_s = 0, verify_s = 0;                // of it: guessing, and checking guesses
  double lead_s = 0;                               // of the rest: before its first request was out
  double head_rows = 0, sent_rows = 0;             // of head work, of messages
  double bytes_up = 0, bytes_down = 0;             // greetings included
  std::uint32_t round_trips = 0, retransmits = 0;  // messages received; segments sent again on their way
  // The last exchange: of a prompt's chunks it is the one that is waited for.
  double rows = 0, last_bytes_up = 0, last_bytes_down = 0;
  Nanos sent{}, arrived{}, held{};
  std::uint32_t flights = 0, cwnd = 0;  // of the reply; 0 = not known
  TcpSample tcp;
  std::vector<Exchange> exchanges;  // as the client saw them

  void add(const Span&);
  double held_s() const { return seconds(held); }
  double network_s() const { return seconds(arrived - sent) - held_s(); }

 private:
  double unsent_s_ = 0;  // work that the next request will have led
  std::size_t answered_ = 0;
};

StepParts parts_of(std::span<const Span>);

}  // namespace splitwan::engine
