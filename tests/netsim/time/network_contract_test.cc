// What every network promises its parties: the same suite over ideal links, ns-3 and real sockets.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "engine/net/sockets.hh"
#include "netsim/link/ideal_simulator.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"
#include "netsim/time/conductor.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan {
namespace {

using namespace engine;
using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::error_of;

const netsim::NetworkSpec mesh = netsim::mesh_network(3, {.delay = 2ms, .bits_per_second = 1e9});

std::unique_ptr<Network> conductor(std::unique_ptr<netsim::LinkSimulator> links) {
  return std::make_unique<netsim::Conductor>(std::move(links), mesh.edges, netsim::measured_cost());
}
std::unique_ptr<Network> ideal() { return conductor(netsim::make_ideal_simulator(mesh)); }
std::unique_ptr<Network> ns3() { return conductor(netsim::make_ns3_simulator(mesh)); }
std::unique_ptr<Network> sockets() { return std::make_unique<SocketNetwork>(); }

class NetworkContract : public testing::TestWithParam<std::unique_ptr<Network> (*)()> {
 protected:
  void run(const std::map<PartyId, PartyMain>& parties) { GetParam()()->run(parties); }
};

// A message of step `step` whose payload is `size` bytes that depend on it.
Message message(std::uint64_t step, std::size_t size = 8) {
  Message m;
  m.header.step = step;
  for (std::size_t i = 0; i < size; ++i)
    m.payload.push_back(static_cast<std::byte>(step * 31 + i * 7 + i / 251));
  return m;
}

std::uint64_t step_of(const std::optional<Arrival>& arrival) { return arrival.value().message.header.step; }

void pause(Clock& clock, Nanos time) {
  clock.work({}, [time] { std::this_thread::sleep_for(time); });
}

TEST_P(NetworkContract, messages_arrive_whole_and_in_order) {
  std::vector<Message> sent = {message(1, 0), message(2, 1), message(3, 100'000), message(4, 0),
                               message(5, 1448)};
  sent[1].header = {.kind = Kind::reply,
                    .dtype = 1,
                    .step = 2,
                    .rows = 3,
                    .width = 4,
                    .context = 5,
                    .held = 6ns,
                    .keep = {0, 1},
                    .parent = {-1, 0, 0}};
  run({{0,
        [&](Transport& t, Clock&) {
          for (const Message& m : sent) t.send(1, m);
        }},
       {1, [&](Transport& t, Clock&) {
          for (const Message& m : sent) {
            const auto got = t.recv(0, no_deadline);
            ASSERT_TRUE(got);
            EXPECT_EQ(got->from, 0u);
            EXPECT_TRUE(encode(got->message) == encode(m)) << m.header.step;
          }
        }}});
}

TEST_P(NetworkContract, large_messages_cross_both_ways_at_once) {
  constexpr std::size_t size = 3'000'000;
  const auto party = [](PartyId peer) {
    return [peer](Transport& t, Clock&) {
      t.send(peer, message(10 + peer, size));
      const auto got = t.recv(peer, no_deadline);
      EXPECT_TRUE(encode(got.value().message) == encode(message(11 - peer, size)));
    };
  };
  run({{0, party(1)}, {1, party(0)}});
}

TEST_P(NetworkContract, a_large_last_message_outlives_its_sender) {
  run({{0, [](Transport& t, Clock&) { t.send(1, message(1, 3'000'000)); }},
       {1, [](Transport& t, Clock&) {
          EXPECT_EQ(t.recv(0, no_deadline).value().message.payload.size(), 3'000'000u);
        }}});
}

TEST_P(NetworkContract, anybodys_messages_are_taken_as_they_came_and_others_wait_their_turn) {
  run({{0,
        [](Transport& t, Clock&) {
          EXPECT_EQ(step_of(t.recv(1, no_deadline)), 1u);  // 1's next is on its way
          t.send(2, message(0));
          EXPECT_EQ(step_of(t.recv(2, no_deadline)), 3u);  // passes 1's by
          EXPECT_EQ(step_of(t.recv(any_party, no_deadline)), 2u);
          const auto last = t.recv(any_party, no_deadline);
          EXPECT_EQ(step_of(last), 4u);
          EXPECT_EQ(last->from, 2u);
        }},
       {1,
        [](Transport& t, Clock&) {
          t.send(0, message(1));
          t.send(0, message(2));
        }},
       {2, [](Transport& t, Clock& clock) {
          t.recv(0, no_deadline);
          pause(clock, 50ms);
          t.send(0, message(3));
          t.send(0, message(4));
        }}});
}

TEST_P(NetworkContract, a_deadline_passes_and_time_with_it) {
  run({{0,
        [](Transport& t, Clock& clock) {
          const Nanos begin = clock.now(), deadline = begin + 30ms;
          EXPECT_FALSE(t.recv(1, deadline));
          EXPECT_GE(clock.now(), deadline);
          EXPECT_FALSE(t.recv(any_party, begin)) << "a deadline that was over";
          t.send(1, message(1));
          EXPECT_EQ(step_of(t.recv(1, clock.now() + 10s)), 2u);
          EXPECT_LT(clock.now(), begin + 10s);
        }},
       {1, [](Transport& t, Clock&) {
          EXPECT_EQ(step_of(t.recv(0, no_deadline)), 1u);
          t.send(0, message(2));
        }}});
}

TEST_P(NetworkContract, arrivals_are_stamped_in_order_and_before_they_are_seen) {
  constexpr int each = 200;
  const auto sender = [](Transport& t, Clock&) {
    for (int i = 0; i < each; ++i) t.send(0, message(i, 100));
  };
  run({{0,
        [](Transport& t, Clock& clock) {
          Nanos last{};  // the first may be there before this party begins
          std::map<PartyId, std::uint64_t> next;
          for (int i = 0; i < 2 * each; ++i) {
            const auto got = t.recv(any_party, no_deadline);
            EXPECT_EQ(step_of(got), next[got->from]++);
            EXPECT_GE(got->at, last);
            EXPECT_LE(got->at, clock.now());
            last = got->at;
          }
        }},
       {1, sender},
       {2, sender}});
}

TEST_P(NetworkContract, a_party_that_throws_ends_the_run_with_its_error) {
  std::atomic<int> left = 0;
  struct Leaving {
    std::atomic<int>& left;
    ~Leaving() { ++left; }
  };
  const auto waiting = [&](PartyId from) {
    return [&left, from](Transport& t, Clock&) {
      const Leaving leaving{left};
      t.recv(from, no_deadline);
    };
  };
  const auto breaking = [](Transport&, Clock& clock) {
    pause(clock, 10ms);  // the others wait by now
    throw Error("the cable is cut");
  };
  EXPECT_EQ(error_of([&] {
              run({{0, waiting(1)}, {1, breaking}, {2, waiting(any_party)}});
            }),
            "the cable is cut");
  EXPECT_EQ(left, 2);
}

TEST_P(NetworkContract, a_party_that_has_left_is_named_and_hides_nobody) {
  run({{0, [](Transport& t, Clock&) { t.send(1, message(1)); }},
       {1,
        [](Transport& t, Clock&) {
          EXPECT_EQ(step_of(t.recv(0, no_deadline)), 1u);
          EXPECT_THAT(error_of([&] { t.recv(0, no_deadline); }), HasSubstr("party 0"));
          t.send(2, message(2));
          EXPECT_EQ(step_of(t.recv(2, no_deadline)), 3u);
        }},
       {2, [](Transport& t, Clock&) {
          EXPECT_EQ(step_of(t.recv(1, no_deadline)), 2u);
          t.send(1, message(3));
        }}});
}

TEST_P(NetworkContract, three_parties_pass_a_message_round_a_ring) {
  constexpr std::uint64_t hops = 60;
  std::vector<PartyId> visited;
  std::map<PartyId, PartyMain> parties;
  for (PartyId id = 0; id < 3; ++id) {
    parties[id] = [&visited, id](Transport& t, Clock&) {
      const PartyId before = (id + 2) % 3, after = (id + 1) % 3;
      if (id == 0) t.send(after, message(1));
      for (std::uint64_t hop = id == 0 ? 3 : id; hop <= hops; hop += 3) {
        const auto got = t.recv(before, no_deadline);
        EXPECT_EQ(step_of(got), hop);
        visited.push_back(id);
        if (hop < hops) t.send(after, message(hop + 1));
      }
    };
  }
  run(parties);
  ASSERT_EQ(visited.size(), hops);
  for (std::size_t i = 0; i < hops; ++i) EXPECT_EQ(visited[i], (i + 1) % 3);
}

INSTANTIATE_TEST_SUITE_P(over_ideal_links, NetworkContract, testing::Values(&ideal));
INSTANTIATE_TEST_SUITE_P(over_ns3, NetworkContract, testing::Values(&ns3));
INSTANTIATE_TEST_SUITE_P(over_sockets, NetworkContract, testing::Values(&sockets));

}  // namespace
}  // namespace splitwan
