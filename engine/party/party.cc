#include "engine/party/party.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/party/instant.hh"

namespace splitwan::engine {

Party::Party(PartyId self, Transport& transport, Clock& clock, Recorder& recorder)
    : self_(self), transport_(transport), clock_(clock), recorder_(recorder), start_(clock.now()) {}

void Party::begin_step(std::uint64_t step, std::uint32_t context) {
  step_ = step;
  context_ = context;
  spans_.clear();
  outages_.clear();
}

void Party::record(const Span& span) {
  spans_.push_back(span);
  recorder_.span(span);
}

void Party::send(PartyId to, Message message) {
  Span span;
  span.op = Op::send;
  span.step = message.header.step;
  span.party = self_;
  span.peer = to;
  span.begin = span.end = now();
  span.bytes = transport_.wire_bytes(message);
  span.rows = message.header.rows;
  span.context = message.header.context;
  transport_.send(to, std::move(message));
  record(span);
}

void Party::reply(const Arrival& request, Message message) {
  message.header.held = clock_.now() - request.at;
  send(request.from, std::move(message));
}

Arrival Party::recv(PartyId from) {
  auto arrival = receive(from, no_deadline);
  if (!arrival) throw Error("party {} waited past the end of time", self_);
  return std::move(*arrival);
}

std::optional<Arrival> Party::recv(PartyId from, Nanos within) {
  return receive(from, clock_.now() + within);
}

std::optional<Arrival> Party::receive(PartyId from, Nanos deadline) {
  Span span;
  span.op = Op::recv;
  span.party = self_;
  span.begin = now();
  std::optional<Arrival> arrival;
  try {
    arrival = transport_.recv(from, deadline);
  } catch (const LostForGood& e) {
    record(e.outage, from);
    throw;
  }
  if (!arrival) return arrival;
  const Header& header = arrival->message.header;
  span.end = now();
  span.arrived = arrival->at - start_;
  span.peer = arrival->from;
  span.step = header.step;
  // Whoever asked judges what is said; a trace keeps what its readers take.
  span.held = std::clamp(header.held, Nanos{}, longest_instant);
  span.bytes = transport_.wire_bytes(arrival->message);
  span.rows = header.rows;
  span.context = header.context;
  span.flights = arrival->flights;
  span.cwnd = arrival->cwnd;
  span.retransmits = arrival->retransmits;
  span.tcp = arrival->tcp;
  record(span);
  for (const Outage& outage : arrival->outages) record(outage, arrival->from);
  return arrival;
}

void Party::record(Outage outage, PartyId peer) {
  outage.step = step_;
  outage.peer = peer;
  outage.begin -= start_;
  outage.end -= start_;
  recorder_.outage(outage);
  outages_.push_back(std::move(outage));
}

void Party::run(Work what, const std::function<void()>& job) {
  what.context = context_;
  Span span;
  span.step = step_;
  span.party = self_;
  span.phase = what.phase;
  span.rows = what.rows;
  span.context = context_;
  span.begin = now();
  clock_.work(what, job);
  span.end = now();
  record(span);
}

}  // namespace splitwan::engine
