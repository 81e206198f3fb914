// Links are told apart by everything that sets them apart, from the scenario to the fitted model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "analysis/summary/summary.hh"
#include "model/fit/latency_model.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/sweep.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;
using model::condition_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

// 80 ms, 100 Mbit/s and one thing more each.
Json networks(const std::string& mahimahi) {
  const auto with = [](const Json& more) {
    Json network = {{"kind", "ns3"}, {"rtt", "80ms"}, {"rate", "100Mbit"}};
    network.update(more);
    return network;
  };
  return {with(Json::object()),
          with({{"down", {{"loss", "1%"}}}}),
          with({{"bursts", {{"to_bad", 0.001}, {"to_good", 0.1}, {"loss", 0.5}}}}),
          with({{"queue", "64KiB"}}),
          with({{"schedule", {{{"at", "2s"}, {"rate", "1Mbit"}}}}}),
          with({{"mahimahi", mahimahi}}),
          with({{"down", {{"jitter", "20ms"}}}})};
}

class LinksApart : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new tests::TemporaryFolder;
    std::ofstream trace(*folder_ / "slow.trace");
    for (int ms = 4; ms <= 400; ms += 4) trace << ms << '\n';  // 1,504 bytes every 4 ms: 3 Mbit/s
    trace.close();
    const Json scenario = {
        {"replay",
         {{"profile", SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json"},
          {"batches",
           {{"name", "ngram"}, {"prompt", 8}, {"steps", 12}, {"wide_every", 3}, {"wide_rows", {5, 9}}}}}},
        {"sweep", {{"network", networks(*folder_ / "slow.trace")}}}};
    runs_ = new std::vector<engine::Run>(
        run_replays(read_replays(scenario, *folder_ / "links.json"), [](auto...) {}));
  }
  static void TearDownTestSuite() {
    delete runs_;
    delete folder_;
  }
  static tests::TemporaryFolder* folder_;
  static std::vector<engine::Run>* runs_;
};
tests::TemporaryFolder* LinksApart::folder_ = nullptr;
std::vector<engine::Run>* LinksApart::runs_ = nullptr;

TEST_F(LinksApart, seven_networks_are_seven_rows_of_the_summary) {
  ASSERT_EQ(runs_->size(), 7u);
  const Json results = analysis::summarise(model::Study(*runs_))["results"];
  ASSERT_EQ(results.size(), 7u);
  for (const Json& r : results) EXPECT_EQ(r["runs"], 1) << r.dump();
}

TEST_F(LinksApart, a_trace_of_packet_deliveries_is_labelled_with_its_mean_rate) {
  const model::Condition c = condition_of(runs_->at(5).header.network);
  EXPECT_NEAR(c.up_bps, 3.008e6, 1);
  EXPECT_NEAR(c.down_bps, 3.008e6, 1);
  EXPECT_THAT(c.unfit, ElementsAre(HasSubstr("packet deliveries (Mahimahi), 100")));
}

TEST(LinksShared, are_named_as_what_the_model_does_not_know) {
  const NetworkChoice shared = read_network(
      {{"rtt", "40ms"},
       {"up", {{"rate", "20Mbit"}, {"cross", {{"rate", "5Mbit"}, {"on", "100ms"}, {"off", "50ms"}}}}}},
      "s.json");
  const model::Condition c = condition_of(stated(shared));
  EXPECT_THAT(c.apart, ElementsAre("cross traffic up of 5 Mbit/s (100 ms on, 50 ms off)"));
  EXPECT_EQ(condition_of(Json(to_json(c)), "again"), c);
  const NetworkChoice steady = read_network({{"rtt", "40ms"}, {"cross", "3Mbit"}}, "s.json");
  EXPECT_THAT(condition_of(stated(steady)).apart, ElementsAre("cross traffic of 3 Mbit/s"));
  EXPECT_THAT(tests::error_of([] {
                read_network({{"cross", {{"on", "1s"}}}}, "s.json");
              }),
              HasSubstr("cross: rate is missing"));
}

TEST(LinksShared, with_other_sessions_are_named_and_told_apart) {
  const auto read = [](const Json& sessions) {
    return read_network({{"rtt", "40ms"}, {"sessions", sessions}}, "s.json");
  };
  const model::Condition two = condition_of(stated(read(2)));
  EXPECT_THAT(
      two.apart,
      ElementsAre("cross traffic: 2 other sessions (8.192 kB up, 8.192 kB down, 20 ms held, 10 ms rest)"));
  EXPECT_EQ(two.details.sessions().count, 2u);
  EXPECT_EQ(condition_of(Json(to_json(two)), "again"), two);
  EXPECT_EQ(condition_of(Json(to_json(two)), "again").details.sessions().count, 2u);

  const model::Condition own = condition_of(
      stated(read({{"count", 1}, {"up", "64KiB"}, {"down", 100}, {"held", "5ms"}, {"pause", "2s"}})));
  EXPECT_THAT(own.apart, ElementsAre("cross traffic: 1 other session (65.536 kB up, 0.1 kB down, 5 ms held, "
                                     "2000 ms rest)"));
  EXPECT_EQ(condition_of(Json(to_json(own)), "again"), own);
  EXPECT_NE(own, two);
  EXPECT_EQ(condition_of(stated(read(0))), condition_of(stated(read_network({{"rtt", "40ms"}}, "s.json"))));
  EXPECT_EQ(parse_link("rtt=40ms,sessions=3").sessions.count, 3u);
}

TEST(LinksShared, with_other_sessions_say_so_in_the_header_and_without_say_nothing) {
  engine::RunHeader header;
  header.network =
      stated(read_network({{"rtt", "40ms"}, {"sessions", {{"count", 2}, {"up", 500}}}}, "s.json"));
  const Json written = engine::to_json(header);
  const engine::RunHeader again = engine::run_header_of(written, "header");
  ASSERT_EQ(again.network.edges.size(), 1u);
  EXPECT_EQ(again.network.edges[0].sessions.count, 2u);
  EXPECT_EQ(again.network.edges[0].sessions.up, 500u);
  EXPECT_EQ(engine::to_json(again).dump(), written.dump());
  header.network = stated(read_network({{"rtt", "40ms"}}, "s.json"));
  EXPECT_THAT(engine::to_json(header).dump(), Not(HasSubstr("sessions")));
}

TEST(LinksShared, are_refused_where_nobody_else_can_be_or_makes_no_sense) {
  const auto refusal = [](const Json& network) {
    return tests::error_of([&] { read_network(network, "s.json: network"); });
  };
  for (const char* kind : {"local", "ideal", "sockets", "tun"})
    EXPECT_EQ(refusal({{"kind", kind}, {"sessions", 1}}),
              fmt::format("s.json: network: sessions: others are on links of kind ns3 only: expected no such "
                          "key, found kind {}",
                          kind));
  EXPECT_EQ(refusal({{"parties", {"a", "b", "c"}}, {"topology", "star"}, {"sessions", 1}}),
            "s.json: network: sessions: expected a link of two parties, found a, b, c");
  const auto said = [&](const Json& sessions) { return refusal({{"sessions", sessions}}); };
  EXPECT_THAT(said(-1), HasSubstr("network: sessions: key 'count': expected a whole number"));
  EXPECT_THAT(said("many"), HasSubstr("network: sessions: key 'count': expected a whole number"));
  EXPECT_THAT(said(101),
              HasSubstr("network: sessions: count: expected a whole number from 1 to 100, found 101"));
  EXPECT_THAT(said({{"up", "1kB"}}), HasSubstr("network: sessions: key 'count' is missing"));
  EXPECT_THAT(said({{"count", 1}, {"rest", "1s"}}), HasSubstr("network: sessions: unknown key 'rest'"));
  EXPECT_THAT(said({{"count", 1}, {"pause", 5}}),
              HasSubstr("network: sessions: key 'pause': expected a text"));
  EXPECT_THAT(said({{"count", 1}, {"down", "0B"}}),
              HasSubstr("sessions: down_bytes: expected a whole number"));
}

TEST(LinksWithNagle, are_apart_for_the_model_and_refused_with_losses_that_the_simulator_would_never_mend) {
  const auto read = [](const char* text) {
    return scenarios::read_network(engine::Json::parse(text), "s.json: network");
  };
  const auto plain = read(R"({"kind": "ns3", "tcp": {"nagle": true}})");
  EXPECT_THAT(model::condition_of(scenarios::stated(plain)).apart, testing::ElementsAre("tcp nagle"));
  for (const char* lossy : {R"({"kind": "ns3", "loss": "1%", "tcp": {"nagle": true}})",
                            R"({"kind": "ns3", "down": {"loss": "1%"}, "tcp": {"nagle": true}})"})
    EXPECT_THAT(
        tests::error_of([&] { read(lossy); }),
        testing::HasSubstr("s.json: network: tcp: nagle: ns-3 3.37 then holds back what must be sent again"))
        << lossy;
}

TEST(LinksRecorded, are_left_out_of_fits_by_name) {
  NetworkChoice recorded;
  recorded.up.losses = {100, 5000};
  EXPECT_THAT(condition_of(stated(recorded)).unfit, ElementsAre(HasSubstr("2 recorded losses up #")));
}

TEST_F(LinksApart, loss_and_jitter_have_a_direction) {
  const model::Condition loss = condition_of(runs_->at(1).header.network);
  EXPECT_EQ(loss.loss_up(), 0);
  EXPECT_DOUBLE_EQ(loss.loss_down(), 0.01);
  const model::Condition jitter = condition_of(runs_->at(6).header.network);
  EXPECT_EQ(jitter.jitter_up_s(), 0);
  EXPECT_DOUBLE_EQ(jitter.jitter_down_s(), 0.02);
}

TEST_F(LinksApart, the_fit_has_six_conditions_of_their_own_and_names_what_it_left_out) {
  const model::LatencyModel m = model::fit(*runs_);
  ASSERT_EQ(m.conditions.size(), 6u);
  std::vector<std::string> also;
  for (const auto& c : m.conditions)
    also.insert(also.end(), c.condition.also.begin(), c.condition.also.end());
  EXPECT_THAT(also, UnorderedElementsAre("queue 65.536 kB (0.066 of what is under way)", HasSubstr("bursts"),
                                         HasSubstr("schedule of 1 changes")));
  ASSERT_EQ(m.left_out.size(), 1u);
  std::vector<std::string> unfit;
  for (const auto& c : m.left_out)
    unfit.insert(unfit.end(), c.condition.unfit.begin(), c.condition.unfit.end());
  EXPECT_THAT(unfit, ElementsAre(HasSubstr("Mahimahi")));
}

TEST_F(LinksApart, what_the_model_lacks_is_said_by_name_and_survives_its_file) {
  const model::LatencyModel m = model::fit(*runs_);
  const auto said = caveats(m);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0],
              HasSubstr("1 runs were left out, the model cannot take their link: packet deliveries"));
  EXPECT_EQ(caveats(model::model_of(Json::parse(to_json(m).dump()), "m.json")), said);
}

TEST_F(LinksApart, runs_over_links_that_the_model_cannot_take_alone_are_refused_by_name) {
  const std::vector<engine::Run> only = {runs_->at(5)};
  EXPECT_THAT(tests::error_of([&] { model::fit(only); }), HasSubstr("no term for packet deliveries"));
}

TEST_F(LinksApart, a_trace_read_again_says_the_same_of_every_link) {
  std::stringstream file;
  for (const engine::Run& run : *runs_) engine::write(file, run);
  const auto again = engine::read_trace(file, "t.jsonl");
  ASSERT_EQ(again.size(), runs_->size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(to_json(again[i].header).dump(), to_json(runs_->at(i).header).dump());
    EXPECT_EQ(condition_of(again[i].header.network), condition_of(runs_->at(i).header.network));
  }
}

TEST(Condition, survives_json_with_both_ways_and_all_its_words) {
  model::Condition c{"ns3", 0.08, 1e8, 2e7, 0.0625, 0.0625};
  c.loss_tilt = -0.03125;
  c.jitter_tilt_s = 0.03125;
  c.also = {"queue 4 MB"};
  c.apart = {"tcp congestion reno"};
  c.unfit = {"bursts up"};
  EXPECT_EQ(model::condition_of(to_json(c), "c"), c);
}

TEST(Header, of_schema_1_tells_what_its_scenario_said_of_the_link_and_it_did_not) {
  const Json old = {
      {"type", "run"},
      {"schema_version", 1},
      {"conditions", {{"network", "ns3"}, {"rtt_s", 0.08}, {"up_bps", 1e8}, {"down_bps", 1e8}, {"loss", 0}}},
      {"drafter", "ngram"},
      {"noise", 0.1},
      {"scenario", {{"network", {{"kind", "ns3"}, {"rtt", "80ms"}, {"bursts", {{"to_bad", 0.1}}}}}}}};
  const engine::RunHeader h = engine::run_header_of(old, "run");
  EXPECT_EQ(h.defences["noise"], 0.1);
  EXPECT_THAT(condition_of(h.network).unfit, ElementsAre(HasSubstr("bursts")));
  EXPECT_EQ(condition_of(h.network).rtt_s, 0.08);
}

// A live network says so; files from before are known by their kind, of either schema.
TEST(Header, of_a_live_network_says_so) {
  engine::RunHeader h;
  h.network.kind = "quic";
  EXPECT_EQ(to_json(h)["network"].dump(), R"({"kind":"quic","links":[]})");
  EXPECT_FALSE(engine::run_header_of(to_json(h), "run").network.live);
  h.network.live = true;
  EXPECT_EQ(to_json(h)["network"].dump(), R"({"kind":"quic","live":true,"links":[]})");
  const model::Condition c = condition_of(engine::run_header_of(to_json(h), "run").network);
  EXPECT_EQ(label(c), "live connection");
  EXPECT_EQ(model::condition_of(to_json(c), "c"), c);
  EXPECT_FALSE(link_json(c).contains("live"));
}

TEST(Header, of_before_live_was_said_is_known_by_its_kind) {
  const auto live = [](const Json& more) {
    Json old = {{"type", "run"}, {"schema_version", 2}, {"drafter", "ngram"}};
    old.update(more);
    const engine::StatedNetwork network = engine::run_header_of(old, "run").network;
    EXPECT_TRUE(network.edges.empty());
    return network.live;
  };
  const Json none = Json::array();
  EXPECT_TRUE(live({{"network", {{"kind", "sockets"}, {"links", none}}}}));
  EXPECT_FALSE(live({{"network", {{"kind", "local"}, {"links", none}}}}));
  EXPECT_TRUE(live({{"schema_version", 1}, {"conditions", {{"network", "sockets"}, {"rtt_s", nullptr}}}}));
  EXPECT_TRUE(model::condition_of(Json{{"network", "sockets"}, {"rtt_s", 0.02}}, "model.json").live);
}

TEST(Header, refuses_a_key_that_it_does_not_know) {
  EXPECT_EQ(tests::error_of([] {
              engine::run_header_of({{"type", "run"}, {"schema_version", 2}, {"drafer", "x"}}, "run");
            }),
            "run: unknown key 'drafer'; did you mean 'drafter'?");
}

}  // namespace
}  // namespace splitwan::scenarios
