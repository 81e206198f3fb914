// One participant: its messages, its work, and the only place that takes timestamps.
#pragma once

#include <type_traits>

#include "engine/party/trace.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

class Party {
 public:
  Party(PartyId self, Transport&, Clock&, Recorder&);

  PartyId self() const { return self_; }
  Nanos now() const { return clock_.now() - start_; }  // since this object was made
  Nanos time_of(const Arrival& a) const { return a.at - start_; }

  // Spans from here on carry this step, its rows and its context.
  void begin_step(std::uint64_t step, std::uint32_t context);
  std::uint64_t step() const { return step_; }
  std::span<const Span> spans() const { return spans_; }  // since begin_step
  std::span<const Outage> outages() const { return outages_; }

  void send(PartyId to, Message);
  // As send, with held = the time since `request` arrived, on this party's clock.
  void reply(const Arrival& request, Message);
  Arrival recv(PartyId from);  // waits without limit
  std::optional<Arrival> recv(PartyId from, Nanos within);

  // Runs the job, charges its cost to the clock, records it. `what.context` is filled in.
  template <typename Job>
  std::invoke_result_t<Job> work(Work what, Job&& job) {
    std::optional<std::invoke_result_t<Job>> result;
    run(what, [&] { result = job(); });
    return std::move(*result);
  }
  void step_done(const Step& step) { recorder_.step(step); }
  void checked(const Check& check) { recorder_.check(check); }

 private:
  void run(Work, const std::function<void()>&);
  void record(const Span&);
  void record(Outage, PartyId peer);
  std::optional<Arrival> receive(PartyId from, Nanos deadline);
  PartyId self_;
  Transport& transport_;
  Clock& clock_;
  Recorder& recorder_;
  Nanos start_;
  std::uint64_t step_ = 0;
  std::uint32_t context_ = 0;
  std::vector<Span> spans_;
  std::vector<Outage> outages_;
};

}  // namespace splitwan::engine
