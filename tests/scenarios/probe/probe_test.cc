// What a path carries: the arithmetic, and against a server that measures, over loopback.
#include "scenarios/probe/probe.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "scenarios/probe/curve.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/measuring_server.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json, engine::Nanos;
using testing::HasSubstr, testing::IsEmpty;
using namespace std::chrono_literals;

// 10 flights that double, then 1 MB a second.
std::vector<Mark> slow_start_then(double bytes_per_s, int marks) {
  std::vector<Mark> list;
  for (int i = 0; i < 10; ++i) list.push_back({i * 80ms, 14480u << i});
  const Mark last = list.back();
  for (int i = 1; i <= marks; ++i)
    list.push_back({last.at + i * 10ms, last.bytes + static_cast<std::uint64_t>(i * 0.010 * bytes_per_s)});
  return list;
}

TEST(Curve, tells_the_rate_behind_slow_start) {
  const Goodput g = goodput_of(slow_start_then(1e6, 200));
  EXPECT_NEAR(g.bps, 8e6, 1e4);
  EXPECT_FALSE(g.growing);
}

TEST(Curve, sees_over_stalls_behind_lost_segments) {
  auto marks = slow_start_then(1e6, 200);
  for (std::size_t i = 100; i < 140; ++i) marks[i].bytes = marks[100].bytes;  // then all that was held up
  EXPECT_NEAR(goodput_of(marks).bps, 8e6, 1e4);
}

TEST(Curve, says_when_the_rate_grew_to_the_end) {
  EXPECT_TRUE(goodput_of(slow_start_then(1e6, 0)).growing);
  EXPECT_EQ(goodput_of(std::vector<Mark>{{0ms, 1}, {1ms, 2}}).bps, 0);
}

TEST(Curve, finds_the_end_of_a_first_flight) {
  // 10 messages of a segment at once, the others a round trip later.
  Burst b;
  for (int i = 0; i < 20; ++i) {
    b.sizes.push_back(1);
    b.times.push_back(i < 10 ? i * 1ms : 80ms + i * 1ms);
  }
  EXPECT_EQ(first_flight(b, 24ms, 1e6, 1448), 10u);
  // 20 segments take a slow path 30 ms each: no pause is due to acknowledgements.
  for (int i = 0; i < 20; ++i) b.times[static_cast<std::size_t>(i)] = i * 30ms;
  EXPECT_EQ(first_flight(b, 24ms, 1448 / 0.030, 1448), 0u);
}

ProbeTerms quick() {
  ProbeTerms t;
  t.pings = t.fill = 100ms;
  t.rest = 10ms;
  return t;
}

TEST(Probe, measures_loopback_and_says_what_it_cannot_tell_of_it) {
  const tests::MeasuringServer server({"127.0.0.1", 0});
  const ProbedPath p = probe_path(server.address(), engine::make_plain_stream, quick());
  EXPECT_GE(p.round_trip.count, 8u);
  EXPECT_GT(p.round_trip.least_s, 0);
  EXPECT_LT(p.round_trip.least_s, 0.002);
  EXPECT_GT(p.up.goodput_bps, 50e6);
  EXPECT_GT(p.down.goodput_bps, 50e6);
  EXPECT_EQ(p.protection, "none");
  EXPECT_THAT(p.cannot_tell, testing::Contains(HasSubstr("initial window up")));
  EXPECT_THAT(p.cannot_tell, testing::Contains(HasSubstr("idle restart down")));
  EXPECT_LT(p.elapsed_s, 10);
}

TEST(Probe, measures_a_unix_socket_too) {
  const tests::TemporaryFolder folder;
  engine::Endpoint here;
  here.path = folder / "serve";
  const tests::MeasuringServer server(here);
  const ProbedPath p = probe_path(here, engine::make_plain_stream, quick());
  EXPECT_EQ(p.segment, 0u);
  EXPECT_GT(p.up.goodput_bps, 0);
}

TEST(Probe, shows_its_token_and_asks_for_nothing_else) {
  const tests::MeasuringServer server({"127.0.0.1", 0});
  ProbeTerms terms = quick();
  terms.token = "swordfish";
  probe_path(server.address(), engine::make_plain_stream, terms);
  for (const std::string& hello : server.hellos())
    EXPECT_EQ(Json::parse(hello), Json({{"probe", 1}, {"token", "swordfish"}}));
  EXPECT_EQ(server.hellos().size(), 2u);
}

TEST(Probe, ends_in_one_line_that_names_the_server) {
  const auto error_at = [](const engine::Endpoint& e, const ProbeTerms& terms) {
    return tests::error_of([&] { probe_path(e, engine::make_plain_stream, terms); });
  };
  const tests::MeasuringServer refusing({"127.0.0.1", 0}, "wrong \x1b[31mtoken\n");
  EXPECT_THAT(error_at(refusing.address(), quick()),
              HasSubstr("server " + refusing.address().text() + ": wrong  [31mtoken"));
  const tests::MeasuringServer deaf({"127.0.0.1", 0}, "", true);
  ProbeTerms terms = quick();
  terms.patience = 200ms;
  EXPECT_THAT(error_at(deaf.address(), terms), HasSubstr("did not answer in time"));
  engine::Endpoint nobody;
  {
    const engine::Listener gone({"127.0.0.1", 0});
    nobody = gone.address();
  }
  EXPECT_THAT(error_at(nobody, quick()), HasSubstr(nobody.text()));
}

TEST(Probe, believes_no_server_that_measures_what_cannot_be) {
  const auto error_of = [](const std::function<void(engine::Message&)>& lie) {
    const tests::MeasuringServer server(
        {"127.0.0.1", 0}, "", false, [] {}, lie);
    return tests::error_of([&] { probe_path(server.address(), engine::make_plain_stream, quick()); });
  };
  EXPECT_THAT(error_of([](engine::Message& m) { m.header.held = 1h; }),
              HasSubstr("says that it held measurement 1 for 3600000000000 ns: expected 0 to "));
  EXPECT_THAT(error_of([](engine::Message& m) { m.header.held = Nanos::min(); }),
              HasSubstr("held measurement 1"));
  EXPECT_THAT(error_of([](engine::Message& m) { m.header.seq += 1; }),
              HasSubstr("measurement 2 of 0 bytes: expected 1 of 0"));
  EXPECT_THAT(error_of([](engine::Message& m) {
                if (!m.payload.empty()) m.payload.pop_back();
              }),
              HasSubstr(" bytes: expected "));
}

ProbedPath known() {
  ProbedPath p;
  p.path = "far:7420";
  p.segment = 1448;
  p.round_trip = {20, 0.0802, 0.0805, 0.0002, 0.0809, 0};
  p.median_s = 0.0804;
  p.up.goodput_bps = 20e6 * 1448 / 1502;
  p.down.goodput_bps = 100e6 * 1448 / 1502;
  p.up.first_window = p.down.first_window = 10;
  p.up.falls = true;
  return p;
}

TEST(ProbedPath, is_read_as_it_was_written_and_stands_for_a_link) {
  const tests::TemporaryFolder folder;
  const std::string file = folder / "path.json";
  engine::write_file(file, to_json(known()).dump());
  const ProbedPath p = read_probed_path(file);
  EXPECT_EQ(to_json(p), to_json(known()));
  netsim::LinkSpec up, down;
  netsim::TcpSpec tcp;
  tcp.initial_window = 4;
  tcp.slow_start_after_idle = false;
  apply(p, up, down);
  apply(p, tcp);
  EXPECT_NEAR(up.bits_per_second, 20e6, 1);
  EXPECT_NEAR(down.bits_per_second, 100e6, 1);
  EXPECT_NEAR(engine::seconds(up.delay + down.delay), 0.0802 - 118 * 8 / 20e6 - 118 * 8 / 100e6, 1e-8);
  EXPECT_EQ(up.jitter.law, netsim::JitterLaw::none);  // 0.3 ms are a clock's
  EXPECT_EQ(tcp.initial_window, 10u);
  EXPECT_TRUE(tcp.slow_start_after_idle);
}

TEST(ProbedPath, leaves_what_was_not_told) {
  ProbedPath p = known();
  p.up.goodput_bps = 0;
  p.up.first_window = p.down.first_window = 0;
  p.up.falls = {};
  netsim::LinkSpec up, down;
  up.bits_per_second = 7;
  netsim::TcpSpec tcp;
  tcp.initial_window = 4;
  tcp.slow_start_after_idle = false;
  apply(p, up, down);
  apply(p, tcp);
  EXPECT_EQ(up.bits_per_second, 7);
  EXPECT_EQ(tcp.initial_window, 4u);
  EXPECT_FALSE(tcp.slow_start_after_idle);
  EXPECT_TRUE(to_json(p)["up"]["rate_bps"].is_null());
}

TEST(ProbedPath, that_is_none_is_refused_by_name) {
  const tests::TemporaryFolder folder;
  const auto error_for = [&](const std::function<void(Json&)>& change) {
    Json j = to_json(known());
    change(j);
    engine::write_file(folder / "p.json", j.dump());
    return tests::error_of([&] { read_probed_path(folder / "p.json"); });
  };
  EXPECT_THAT(error_for([](Json&) {}), IsEmpty());
  EXPECT_THAT(error_for([](Json& j) { j["schema_version"] = 2; }), HasSubstr("schema_version"));
  EXPECT_THAT(error_for([](Json& j) { j["round_trip"]["least_s"] = -1; }), HasSubstr("round_trip: least_s"));
  EXPECT_THAT(error_for([](Json& j) { j["up"].erase("bytes"); }), HasSubstr("bytes"));
  EXPECT_THAT(error_for([](Json& j) { j["down"]["goodput_bps"] = -5; }), HasSubstr("goodput_bps"));
}

}  // namespace
}  // namespace splitwan::scenarios
