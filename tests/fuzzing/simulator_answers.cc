// What a simulator says to its client: the input's lines, an answer to each question in turn.
#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace netsim;

class FedPeer final : public LinePeer {
 public:
  explicit FedPeer(std::string_view lines) : lines_(lines) {}
  const std::string& program() const override { return program_; }
  bool is_quiet() const override { return lines_.empty(); }
  void write(std::string_view, Clock::time_point) override {}
  std::string read_line(Clock::time_point) override {
    if (lines_.empty()) throw engine::Error("{}: ended", program_);
    return std::string(take_line(lines_));
  }

 private:
  const std::string program_ = "splitwan-sim";
  std::string_view lines_;
};

void feed(std::string_view input) {
  using namespace std::chrono_literals;
  taken([&] {
    ProbeReport report;
    const NetworkSpec spec = two_party_network(20ms, 1e8, 1e8);
    const auto simulator = make_ns3_simulator(std::make_unique<FedPeer>(input), spec, &report);
    must(report.connections.size() == 1, "a link is reported once");
    Nanos now{};
    for (std::uint64_t id = 1; id <= 4; ++id) {
      simulator->send(now, 0, id % 2 == 1, id, 1000);
      const Nanos limit = now + 1s;
      const std::optional<Delivery> came = simulator->advance(limit);
      must(!came || (came->at >= now && came->at <= limit && came->id <= id),
           "what comes was sent, and in time");
      now = came ? came->at : limit;
    }
    must(simulator->close().connections.size() <= input.size(), "totals are as many as said");
  });
  end_idle_simulators();
}

const Stands stands("simulator_answers", feed);

}  // namespace
}  // namespace splitwan::fuzz
