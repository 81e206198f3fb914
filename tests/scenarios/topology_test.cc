// Networks of any shape, as scenarios name them.
#include <gtest/gtest.h>

#include "scenarios/read/network_choice.hh"
#include "scenarios/read/topology.hh"
#include "scenarios/run/networks/networks.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using engine::Clock;
using engine::Transport;
using tests::error_of;
using namespace std::chrono_literals;

NetworkChoice read(const char* text) { return read_network(Json::parse(text), "network"); }

TEST(Topology, is_client_and_server_where_nothing_is_said) {
  const NetworkChoice n = read(R"({"rtt": "30ms", "up": "1Mbit"})");
  const auto edges = spec_of(n, 1).edges;
  ASSERT_EQ(edges.size(), 1u);
  EXPECT_EQ(edges[0].a, 0u);
  EXPECT_EQ(edges[0].b, 1u);
  EXPECT_EQ(edges[0].forward.bits_per_second, 1e6);
  EXPECT_EQ(edges[0].backward.bits_per_second, 100e6);
}

TEST(Topology, star_and_mesh_join_by_the_networks_own_link) {
  const char* shape = R"({{"rtt": "30ms", "parties": ["client", "a", "b", "c"], "topology": "{}"}})";
  EXPECT_EQ(read(fmt::format(fmt::runtime(shape), "star").c_str()).edges.size(), 3u);
  const NetworkChoice mesh = read(fmt::format(fmt::runtime(shape), "mesh").c_str());
  EXPECT_EQ(mesh.edges.size(), 6u);
  for (const auto& edge : mesh.edges) EXPECT_EQ(edge.forward.delay, 15ms);
}

TEST(Topology, a_pairs_own_link_overrides_what_holds_for_all) {
  const NetworkChoice n = read(R"({"rtt": "30ms", "parties": ["client", "a", "b"], "topology": "star",
    "links": [{"from": "b", "to": "client", "rtt": "80ms", "up": "2Mbit"}, {"from": "a", "to": "b", "rtt": "1ms"}]})");
  ASSERT_EQ(n.edges.size(), 3u);
  EXPECT_EQ(n.edges[0].forward.delay, 15ms);
  EXPECT_EQ(n.edges[1].forward.delay, 40ms);
  EXPECT_EQ(n.edges[1].backward.bits_per_second, 2e6);  // from b to the client
  EXPECT_EQ(n.edges[2].a, 1u);
  EXPECT_EQ(n.edges[2].b, 2u);
}

TEST(Topology, that_makes_no_sense_is_refused_by_name) {
  EXPECT_EQ(error_of([] { read(R"({"parties": ["client", "a", "b"]})"); }),
            "network: links: 'client' has no link: name its own, or a topology");
  EXPECT_EQ(error_of([] { read(R"({"parties": ["a", "a"]})"); }),
            "network: parties: expected at least two names, each once");
  EXPECT_EQ(error_of([] { read(R"({"parties": ["a", "b"], "links": [{"from": "a", "to": "z"}]})"); }),
            "network: links[0]: to: expected one of a, b, found 'z'");
  EXPECT_EQ(error_of([] { read(R"({"kind": "tun", "parties": ["a", "b", "c"], "topology": "star"})"); }),
            "network: parties: a network of kind tun joins two, found a, b, c");
  EXPECT_EQ(error_of([] {
              expect_two_parties(read(R"({"parties": ["a", "b", "c"], "topology": "star"})"), "f",
                                 "a replay");
            }),
            "f: network: parties: a replay is between a client and a server, found a, b, c");
}

// Party 0 greets each of the others, which answer; each link has its own time.
TEST(Topology, runs_as_it_is_named) {
  for (const char* kind : {"ideal", "ns3"}) {
    Json json = Json::parse(R"({"rtt": "20ms", "parties": ["client", "a", "b"], "topology": "star",
      "links": [{"from": "client", "to": "b", "rtt": "80ms"}]})");
    json["kind"] = kind;
    const NetworkChoice n = read_network(json, "network");
    const auto network = make_network({n, 1, [] { return netsim::reference_cost(); }});
    double answered_s[3] = {};
    const auto answer = [](Transport& t, Clock&) { t.send(0, t.recv(0, engine::no_deadline)->message); };
    network->run({{0,
                   [&](Transport& t, Clock& clock) {
                     for (const engine::PartyId other : {1u, 2u}) {
                       const auto begin = clock.now();
                       t.send(other, {});
                       answered_s[other] = engine::seconds(t.recv(other, engine::no_deadline)->at - begin);
                     }
                   }},
                  {1, answer},
                  {2, answer}});
    EXPECT_NEAR(answered_s[1], 0.020, 0.001) << kind;
    EXPECT_NEAR(answered_s[2], 0.080, 0.001) << kind;
  }
}

TEST(NetworkKinds, each_has_a_name_of_its_own_and_help) {
  for (const NetworkRow& row : network_table()) {
    EXPECT_EQ(name_of(network_kind_named(row.name)), row.name);
    EXPECT_STRNE(row.help, "");
  }
}

}  // namespace
}  // namespace splitwan::scenarios
