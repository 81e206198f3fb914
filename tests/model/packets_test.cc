// The model's packets against ns-3's, both over the same link with the same chance. Recovery
// follows ns-3's own, the window rules netsim's: this shows that they were carried over whole, not that they
// are Linux's.
#include "model/path/packets.hh"

#include <gtest/gtest.h>

#include <map>

#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"

namespace splitwan::model {
namespace {

using namespace std::chrono_literals;
using engine::LinkSpec;

struct Link {
  const char* name;
  double rtt_ms, up_mbit, down_mbit, queue_bdp;  // queue: of the bandwidth-delay product; 0: the default
  double loss = 0;
  double jitter_ms = 0;
  std::uint32_t mtu = 1500, initial_window = 10;
  engine::OtherSessions sessions = {};
};

netsim::NetworkSpec spec_of(const Link& l, std::uint64_t seed) {
  netsim::NetworkSpec spec = netsim::two_party_network(Nanos(std::llround(l.rtt_ms * 1e6)), l.up_mbit * 1e6,
                                                       l.down_mbit * 1e6, l.loss);
  netsim::Edge& e = spec.edges[0];
  for (LinkSpec* link : {&e.forward, &e.backward}) {
    link->mtu = l.mtu;
    link->queue_bytes = static_cast<std::uint64_t>(
        std::max(4.0 * l.mtu, l.queue_bdp * link->bits_per_second / 8 * l.rtt_ms * 1e-3));
    if (l.queue_bdp == 0) link->queue_bytes = 0;
    engine::resolve_queues(*link, e.forward.delay + e.backward.delay);
    if (l.jitter_ms > 0)
      link->jitter = {engine::JitterLaw::exponential, Nanos(std::llround(l.jitter_ms * 1e6))};
  }
  e.sessions = l.sessions;
  spec.tcp.initial_window = l.initial_window;
  spec.seed = seed;
  return spec;
}

struct Step {
  std::uint64_t up, down;
  Nanos held, rest;
};

// A prompt, then steps of several widths, with pauses.
std::vector<Step> steps(int count) {
  std::vector<Step> all = {{40 * 8192 + 64, 40 * 8192 + 64, 20ms, 30ms}};
  const int rows[] = {1, 9, 1, 17, 4, 1, 1, 13, 24};
  for (int i = 0; i < count; ++i) {
    const std::uint64_t bytes = 64 + 8192u * rows[i % 9];
    all.push_back({bytes, bytes, 13ms, i % 11 == 10 ? Nanos(700ms) : Nanos(25ms)});
  }
  return all;
}

std::vector<double> by_ns3(const netsim::NetworkSpec& spec, const std::vector<Step>& all) {
  const auto link = netsim::make_ns3_simulator(spec);
  std::vector<double> seconds;
  Nanos now{};
  std::uint64_t id = 0;
  for (const Step& s : all) {
    const Nanos begin = now;
    link->send(now, 0, true, ++id, s.up);
    now = link->advance(Nanos::max()).value().at + s.held;
    link->send(now, 0, false, ++id, s.down);
    now = link->advance(Nanos::max()).value().at;
    seconds.push_back(std::chrono::duration<double>(now - begin).count());
    now += s.rest;
    link->advance(now);
  }
  return seconds;
}

Packets followed(const netsim::NetworkSpec& spec) {
  const netsim::Edge& edge = spec.edges[0];
  const Setup setup{edge.forward, edge.backward, spec.tcp, netsim::segment_bytes(spec.tcp, spec.edges),
                    edge.sessions};
  return {setup, spec.seed, true};
}

std::vector<double> by_model(const netsim::NetworkSpec& spec, const std::vector<Step>& all) {
  Packets path = followed(spec);
  std::vector<double> seconds;
  for (const Step& s : all) {
    const Nanos begin = path.now();
    path.post(begin, false, s.up);
    path.next();
    path.post(path.now() + s.held, true, s.down);
    path.next();
    seconds.push_back(std::chrono::duration<double>(path.now() - begin).count());
    path.wait_until(path.now() + s.rest);
  }
  return seconds;
}

double mean(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

class PacketsOf : public ::testing::TestWithParam<Link> {};

TEST_P(PacketsOf, arrive_when_those_of_ns3_do) {
  // Timestamps count milliseconds since ns-3's beginning, which is not ours: a timeout may differ by one, and
  // where both losses and jitter follow, all that comes after it.
  const bool drifts = GetParam().loss > 0 && GetParam().jitter_ms > 0;
  const std::vector<Step> all = steps(60);
  double simulated = 0, predicted = 0;
  const std::uint64_t seeds = drifts ? 12 : 1;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const netsim::NetworkSpec spec = spec_of(GetParam(), 7 + seed);
    simulated += mean(by_ns3(spec, all));
    predicted += mean(by_model(spec, all));
  }
  RecordProperty("percent_off", std::to_string((predicted / simulated - 1) * 100));
  EXPECT_NEAR(predicted / simulated, 1, drifts ? 0.02 : 2e-3);
}

// A prompt in chunks: each way's messages meet the other's acknowledgements.
constexpr int chunks = 8;
constexpr std::uint64_t chunk_bytes = 64 + 128 * 8192;
constexpr Nanos lead = 12ms, held = 26ms;

double prompt_by_ns3(const netsim::NetworkSpec& spec) {
  const auto link = netsim::make_ns3_simulator(spec);
  std::map<Nanos, bool> posts;  // by time: down
  for (int i = 0; i < chunks; ++i) posts[lead * (i + 1)] = false;
  std::map<std::uint64_t, bool> ways;
  std::uint64_t id = 0;
  Nanos free{};
  for (int answered = 0;;) {
    const Nanos due = posts.empty() ? Nanos::max() : posts.begin()->first;
    const auto delivery = link->advance(due);
    if (!delivery) {
      const bool down = posts.begin()->second;
      posts.erase(posts.begin());
      ways[++id] = down;
      link->send(due, 0, !down, id, chunk_bytes);
    } else if (!ways[delivery->id]) {
      free = std::max(free, delivery->at) + held;
      posts[free] = true;
    } else if (++answered == chunks) {
      return std::chrono::duration<double>(delivery->at).count();
    }
  }
}

double prompt_by_model(const netsim::NetworkSpec& spec) {
  Packets path = followed(spec);
  for (int i = 0; i < chunks; ++i) path.post(lead * (i + 1), false, chunk_bytes);
  Nanos free{};
  for (int answered = 0;;) {
    if (!path.next().down) {
      free = std::max(free, path.now()) + held;
      path.post(free, true, chunk_bytes);
    } else if (++answered == chunks) {
      return std::chrono::duration<double>(path.now()).count();
    }
  }
}

TEST_P(PacketsOf, of_a_prompt_in_chunks_arrive_when_those_of_ns3_do) {
  const netsim::NetworkSpec spec = spec_of(GetParam(), 7);
  const double predicted = prompt_by_model(spec), simulated = prompt_by_ns3(spec);
  RecordProperty("percent_off", std::to_string((predicted / simulated - 1) * 100));
  EXPECT_NEAR(predicted / simulated, 1, 4e-3);
}

const Link links[] = {{"deep", 80, 100, 100, 8},
                      {"slow", 20, 10, 10, 20},
                      {"asymmetric", 35, 1, 50, 30},
                      {"default", 80, 10, 10, 0},
                      {"default20", 20, 25, 25, 0},
                      {"lan", 0.2, 1000, 1000, 0},
                      {"bdp1", 130, 25, 25, 1},
                      {"bdp05", 130, 25, 25, 0.5},
                      {"bdp025", 35, 25, 25, 0.25},
                      {"bdp025long", 130, 25, 25, 0.25},
                      {"tiny", 20, 25, 25, 0.01},
                      {"shallow200", 200, 50, 50, 0.052},
                      {"loss001", 80, 100, 100, 8, 0.001},
                      {"loss01", 80, 100, 100, 8, 0.01},
                      {"loss1fast", 35, 400, 400, 8, 0.01},
                      {"loss5", 20, 50, 50, 8, 0.05},
                      {"jitter2", 80, 100, 100, 8, 0, 2},
                      {"jitter20", 35, 400, 400, 8, 0, 20},
                      {"jitterloss", 80, 25, 25, 1, 0.005, 5},
                      {"mtu576", 80, 50, 50, 4, 0, 0, 576},
                      {"mtu9000", 80, 50, 50, 4, 0, 0, 9000},
                      {"iw3", 80, 100, 100, 8, 0, 0, 1500, 3},
                      {"iw20", 80, 100, 100, 1, 0, 0, 1500, 20},
                      {"other", 35, 20, 20, 0, 0, 0, 1500, 10, {1}},
                      {"others2", 80, 10, 10, 0, 0, 0, 1500, 10, {2}},
                      {"other_bdp1", 20, 25, 25, 1, 0, 0, 1500, 10, {1}},
                      {"others_asymmetric", 35, 5, 50, 30, 0, 0, 1500, 10, {3}},
                      {"others_long", 80, 50, 50, 8, 0, 0, 1500, 10, {2, 300'000, 200'000, 5ms, 90ms}},
                      {"others_resting", 35, 50, 50, 2, 0, 0, 1500, 10, {4, 100'000, 8192, 20ms, 700ms}},
                      {"others_shallow", 20, 25, 25, 0.25, 0, 0, 1500, 10, {2, 60'000, 60'000, 20ms, 10ms}},
                      {"others_loss001", 80, 100, 100, 8, 0.001, 0, 1500, 10, {2}},
                      {"others_jitter2", 80, 100, 100, 8, 0, 2, 1500, 10, {2}}};
INSTANTIATE_TEST_SUITE_P(Links, PacketsOf, ::testing::ValuesIn(links),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace splitwan::model
