// Links as the kernel's own TCP shows them, against how the delay line was set. Needs root.
#include <gmock/gmock.h>

#include <thread>

#include "engine/net/sockets.hh"
#include "engine/party/party.hh"
#include "model/fit/closed_form.hh"
#include "model/fit/live_link.hh"
#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/emulated_link.hh"
#include "tests/fixtures/quiet_machine.hh"

namespace splitwan::model {
namespace {

using engine::Party;
using std::chrono::milliseconds;

constexpr int steps = 120;
constexpr std::uint32_t row_bytes = 8192;

engine::Message message(std::uint64_t step, std::uint32_t rows) {
  engine::Message m;
  m.header.step = step;
  m.header.rows = rows;
  m.payload.resize(rows * row_bytes);
  return m;
}

// One row, and now and then several, as a drafter has them; the server works for a while.
void ask(Party& party, engine::MemoryRecorder& record) {
  for (std::uint64_t step = 1; step <= steps; ++step) {
    const std::uint32_t rows = step == 1 ? 30 : step % 3 ? 1 : 5;
    party.begin_step(step, 0);
    const auto begin = party.now();
    party.send(1, message(step, rows));
    party.recv(1);
    record.step({.step = step,
                 .prefill = step == 1,
                 .begin = begin,
                 .end = party.now(),
                 .rows = rows,
                 .accepted = 1});
    std::this_thread::sleep_for(milliseconds(2));
  }
}

void answer(Party& party) {
  for (int i = 0; i < steps; ++i) {
    const engine::Arrival request = party.recv(0);
    std::this_thread::sleep_for(milliseconds(5));
    engine::Message reply = message(request.message.header.step, request.message.header.rows);
    reply.header.kind = engine::Kind::reply;
    party.reply(request, std::move(reply));
  }
}

engine::Run run_over(const netsim::LinkPair& pair, std::uint64_t seed) {
  netsim::EmulatedLink link(pair, seed);
  std::optional<engine::Listener> listener;
  link.server().run([&] { listener.emplace(engine::Endpoint{netsim::server_ip, 7420}); });
  engine::MemoryRecorder asked, answered;
  link.run(
      [&] {
        netsim::become_realtime(netsim::end_priority);
        engine::WallClock clock;
        engine::SocketTransport transport(clock);
        transport.add(1, "server", engine::connect({netsim::server_ip, 7420}),
                      {.probes = engine::Probes::asked});
        Party party(0, transport, clock, asked);
        ask(party, asked);
      },
      [&] {
        netsim::become_realtime(netsim::end_priority);
        engine::WallClock clock;
        engine::SocketTransport transport(clock);
        transport.add(0, "client", *listener->accept(), {}, engine::Side::called);
        Party party(1, transport, clock, answered);
        answer(party);
      });
  asked.run.header.network.kind = "sockets";
  asked.run.header.network.live = true;
  asked.run.header.drafter = "some";
  return asked.run;
}

struct Case {
  int rtt_ms;
  double up_mbit, down_mbit;
  int jitter_ms;
};

class LiveKernelLink : public testing::TestWithParam<Case> {};

TEST_P(LiveKernelLink, is_measured_as_it_was_set) {
  if (const std::string why = netsim::why_no_link(); !why.empty()) GTEST_SKIP() << why;
  const auto [rtt_ms, up_mbit, down_mbit, jitter_ms] = GetParam();
  netsim::LinkSpec up;
  up.delay = netsim::LinkTime(milliseconds(rtt_ms)) / 2;
  up.bits_per_second = up_mbit * 1e6;
  up.queue_bytes = 4 << 20;
  if (jitter_ms > 0) {
    up.jitter.law = netsim::JitterLaw::exponential;
    up.jitter.scale = milliseconds(jitter_ms);
  }
  netsim::LinkSpec down = up;
  down.bits_per_second = down_mbit * 1e6;
  tests::on_a_quiet_machine([&] {
    // Two runs where chance has a part: packets keep their order, so that late ones hold up those behind.
    std::vector<engine::Run> runs = {run_over({up, down}, 1)};
    if (jitter_ms > 0) runs.push_back(run_over({up, down}, 2)), runs.back().header.run = 1;
    const auto seen = observe(runs);
    EXPECT_GE(std::ranges::count_if(seen, [](auto& o) { return o.tcp.probe_bytes > 0; }), 16);
    const LiveLink link = live_link(by_run(seen));
    RecordProperty("jitter_us", static_cast<int>(link.jitter_s * 1e6));
    RecordProperty("rtt_us", static_cast<int>(link.rtt_s * 1e6));
    if (jitter_ms > 0) {  // larger than its bursts last: these tell little of its rates
      EXPECT_NEAR(link.jitter_s, jitter_ms / 1e3, 0.35 * jitter_ms / 1e3);
      EXPECT_NEAR(link.rtt_s, rtt_ms / 1e3, jitter_ms / 1e3);
      return;
    }
    EXPECT_NEAR(link.rtt_s, rtt_ms / 1e3, 0.5e-3);
    EXPECT_NEAR(link.up_bps, up_mbit * 1e6, 0.06 * up_mbit * 1e6);
    EXPECT_NEAR(link.down_bps, down_mbit * 1e6, 0.06 * down_mbit * 1e6);
    EXPECT_EQ(link.jitter_s, 0);
    EXPECT_EQ(link.loss_up, 0);
    EXPECT_EQ(link.loss_down, 0);  // told, not assumed
  });
}

INSTANTIATE_TEST_SUITE_P(Links, LiveKernelLink,
                         testing::Values(Case{40, 50, 50, 0}, Case{120, 5, 50, 0}, Case{40, 3, 3, 0},
                                         Case{40, 50, 50, 10}),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return fmt::format("at{}ms{:g}And{:g}MbitJitter{}ms", c.rtt_ms, c.up_mbit,
                                              c.down_mbit, c.jitter_ms);
                         });

}  // namespace
}  // namespace splitwan::model
