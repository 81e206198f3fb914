// Links from other tools' files.
#include <gmock/gmock.h>

#include <cmath>

#include "engine/base/link_json.hh"
#include "engine/base/output_file.hh"
#include "scenarios/imports/iperf3.hh"
#include "scenarios/imports/link_csv.hh"
#include "scenarios/imports/mahimahi.hh"
#include "scenarios/imports/ping.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using namespace std::chrono_literals;
using engine::write_file;
using netsim::JitterLaw;
using netsim::LinkSpec;
using netsim::LinkState;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;

class Imports : public testing::Test {
 protected:
  std::string file(const std::string& text) {
    write_file(path, text);
    return path;
  }
  const tests::TemporaryFolder folder;
  const std::string path = folder / "import";
};
using Mahimahi = Imports;
using Ping = Imports;
using Iperf3 = Imports;
using LinkCsv = Imports;

TEST_F(Mahimahi, each_line_is_a_moment_in_milliseconds) {
  EXPECT_THAT(read_mahimahi(file("0\n3\n3\n12")), ElementsAre(0ms, 3ms, 3ms, 12ms));
  EXPECT_THAT(read_mahimahi(file("5\r\n7\r\n")), ElementsAre(5ms, 7ms));
}

TEST_F(Mahimahi, a_bad_line_is_named) {
  const auto error = [&](const char* text) { return error_of([&] { read_mahimahi(file(text)); }); };
  const std::string whole = "expected a whole number of milliseconds, up to 100 days, found ";
  EXPECT_EQ(error("1\n2.5\n3\n"), path + ":2: " + whole + "'2.5'");
  EXPECT_EQ(error("1\n\n3\n"), path + ":2: " + whole + "''");
  EXPECT_EQ(error("-1\n"), path + ":1: " + whole + "'-1'");
  EXPECT_EQ(error("1\n99999999999999999999\n"), path + ":2: " + whole + "'99999999999999999999'");
  EXPECT_EQ(error("1\n7\n6\n"), path + ":3: expected 7 or later, found 6");
  EXPECT_EQ(error("0\n0\n"), path + ":2: expected a last moment above 0, found 0");
  EXPECT_EQ(error(""), path + ":1: expected a whole number of milliseconds, found an empty file");
  EXPECT_EQ(error_of([&] { read_mahimahi(folder / "absent"); }), folder / "absent" + ": cannot be opened");
}

constexpr char linux_ping[] =
    "PING h (192.0.2.1) 56(84) bytes of data.\n"
    "64 bytes from h (192.0.2.1): icmp_seq=1 ttl=57 time=80.0 ms\n"
    "64 bytes from h (192.0.2.1): icmp_seq=2 ttl=57 time=84.0 ms\n"
    "64 bytes from h (192.0.2.1): icmp_seq=2 ttl=57 time=99.0 ms (DUP!)\n"
    "no answer yet for icmp_seq=3\n"
    "64 bytes from h (192.0.2.1): icmp_seq=4 ttl=57 time=100 ms\n";
constexpr char linux_summary[] =
    "\n--- h ping statistics ---\n"
    "4 packets transmitted, 3 received, +1 duplicates, 25% packet loss, time 3004ms\n"
    "rtt min/avg/max/mdev = 80.010/88.020/100.030/8.640 ms, pipe 2\n";

TEST_F(Ping, linux_replies_and_summary) {
  const PingSummary ping = read_ping(file(std::string(linux_ping) + linux_summary));
  EXPECT_EQ(ping.min, 80ms) << "the summary's times hold the duplicate's";
  EXPECT_EQ(ping.mean, 88ms);
  EXPECT_EQ(ping.median, 84ms);
  EXPECT_THAT(ping.notes, ElementsAre("1 duplicates left out, and the summary, whose times hold them"));
  EXPECT_EQ(ping.sent, 4u);
  EXPECT_EQ(ping.received, 3u);
  EXPECT_EQ(ping.loss, 0.25);
}

TEST_F(Ping, either_half_will_do) {
  const PingSummary replies = read_ping(file(linux_ping));
  EXPECT_EQ(replies.min, 80ms);
  EXPECT_EQ(replies.mean, 88ms);
  EXPECT_NEAR(static_cast<double>(replies.jitter.count()), std::sqrt(224.0 / 3) * 1e6, 1);
  EXPECT_EQ(replies.sent, 4u);
  EXPECT_EQ(replies.loss, 0.25);
  const PingSummary summary = read_ping(file(linux_summary));
  EXPECT_EQ(summary.median, summary.mean);
  EXPECT_EQ(summary.jitter, 8640us);
}

TEST_F(Ping, macos) {
  const PingSummary ping =
      read_ping(file("PING h (192.0.2.1): 56 data bytes\n"
                     "64 bytes from 192.0.2.1: icmp_seq=0 ttl=57 time=20.125 ms\n"
                     "Request timeout for icmp_seq 1\n"
                     "64 bytes from 192.0.2.1: icmp_seq=2 ttl=57 time=22.125 ms\n\n"
                     "--- h ping statistics ---\n"
                     "3 packets transmitted, 2 packets received, 33.3% packet loss\n"
                     "round-trip min/avg/max/stddev = 20.125/21.125/22.125/1.000 ms\n"));
  EXPECT_EQ(ping.median, 21'125us);
  EXPECT_EQ(ping.min, 20'125us);
  EXPECT_EQ(ping.jitter, 1ms);
  EXPECT_EQ(ping.sent, 3u);
  EXPECT_DOUBLE_EQ(ping.loss, 1 / 3.0);
}

TEST_F(Ping, of_other_systems_and_languages) {
  const PingSummary windows = read_ping(file(
      "Pinging h [192.0.2.1] with 32 bytes of data:\r\nReply from 192.0.2.1: bytes=32 time=87ms TTL=51\r\n"
      "Reply from 192.0.2.1: bytes=32 time<1ms TTL=51\r\nRequest timed out.\r\n\r\nPing statistics for "
      "192.0.2.1:\r\n"
      "    Packets: Sent = 3, Received = 2, Lost = 1 (33% loss),\r\nApproximate round trip times in "
      "milli-seconds:\r\n"
      "    Minimum = 0ms, Maximum = 87ms, Average = 43ms\r\n"));
  EXPECT_EQ(windows.min, 500us);
  EXPECT_EQ(windows.median, 43'750us);
  EXPECT_DOUBLE_EQ(windows.loss, 1 / 3.0);
  EXPECT_THAT(windows.notes, ElementsAre("times are whole milliseconds; under 1 ms counts as 0.5"));
  const PingSummary german = read_ping(file(
      "PING h (192.0.2.1) 56(84) Bytes an Daten.\n64 Bytes von 192.0.2.1: icmp_seq=1 ttl=56 Zeit=12.5 ms\n"
      "64 Bytes von 192.0.2.1: icmp_seq=2 ttl=56 Zeit=12.7 ms\n\n--- h Ping-Statistiken ---\n"
      "2 Pakete übertragen, 2 empfangen, 0% Paketverlust, Zeit 1002ms\n"
      "rtt min/avg/max/mdev = 12.500/12.600/12.700/0.100 ms\n"));
  EXPECT_EQ(german.mean, 12'600us);
  EXPECT_EQ(german.sent, 2u);
  const PingSummary fping =
      read_ping(file("192.0.2.1 : [0], 64 bytes, 12.5 ms (12.5 avg, 0% loss)\n192.0.2.1 : [1], timed out "
                     "(12.5 avg, 50% loss)\n"
                     "192.0.2.1 : [2], 64 bytes, 12.7 ms (12.6 avg, 33% loss)\n\n"
                     "192.0.2.1 : xmt/rcv/%loss = 3/2/33%, min/avg/max = 12.5/12.6/12.7\n"));
  EXPECT_EQ(fping.mean, 12'600us);
  EXPECT_DOUBLE_EQ(fping.loss, 1 / 3.0);
  const PingSummary cut =
      read_ping(file("72 bytes from 192.0.2.1: icmp_seq=1 ttl=117 (truncated)\n"
                     "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
                     "rtt min/avg/max/mdev = 24.600/24.600/24.600/0.000 ms\n"));
  EXPECT_EQ(cut.mean, 24'600us);
}

TEST_F(Ping, counts_the_first_of_several_replies_and_sequences_that_wrap) {
  const auto reply = [](int number, const char* ms) {
    return fmt::format("64 bytes from 192.0.2.1: icmp_seq={} ttl=57 time={} ms\n", number, ms);
  };
  const PingSummary twice = read_ping(file(reply(1, "20") + reply(1, "820") + reply(2, "22")));
  EXPECT_EQ(twice.mean, 21ms);
  EXPECT_EQ(twice.received, 2u);
  const PingSummary wrapped =
      read_ping(file(reply(65534, "20") + reply(65535, "20") + reply(1, "20") + reply(2, "20")));
  EXPECT_EQ(wrapped.received, 4u);
  EXPECT_EQ(wrapped.sent, 5u);
  EXPECT_THAT(wrapped.notes, testing::Contains("the sequence wrapped after 65535"));
}

TEST_F(Ping, bad_output_is_named) {
  const auto error = [&](const std::string& text) { return error_of([&] { read_ping(file(text)); }); };
  EXPECT_THAT(error("Reply from 192.0.2.1: bytes=32\n"), HasSubstr("found neither"));
  EXPECT_EQ(
      error("x\n64 bytes from h: icmp_seq=1 ttl=57 time=fast ms\n"),
      path +
          ":2: expected a reply with time=12.3 ms, found '64 bytes from h: icmp_seq=1 ttl=57 time=fast ms'");
  EXPECT_THAT(error("16 bytes from h: icmp_seq=1 ttl=57\n"), HasSubstr(":1: expected a reply with time="));
  EXPECT_THAT(error("5 packets transmitted, 0 received, 100% packet loss\n"), HasSubstr("none was received"));
  EXPECT_THAT(error("5 packets transmitted, 6 received, 0% packet loss\n"),
              HasSubstr(":1: expected at most 5"));
  EXPECT_THAT(error("five packets transmitted\n"), HasSubstr(":1: expected '5 packets transmitted"));
  EXPECT_THAT(error("rtt min/avg/max/mdev = 1/2/3/4 ms\n"), HasSubstr("packets transmitted"));
  EXPECT_THAT(error("rtt min/avg/max/mdev = 1/2/x/4 ms\n"),
              HasSubstr(":1: expected '= MIN/AVG/MAX/DEVIATION ms'"));
  EXPECT_THAT(error("rtt min/avg/max/mdev = 3/2/1/0 ms\n"), HasSubstr("MIN <= AVG <= MAX"));
  EXPECT_THAT(error(std::string(linux_summary) + linux_summary), HasSubstr(":7: expected one run of ping"));
}

TEST_F(Ping, a_link_of_it_has_the_same_round_trip) {
  LinkState up{.bits_per_second = 1e6}, down{.bursts = {0.1, 0.2, 1}};
  const PingSummary ping = read_ping(file(linux_ping));
  apply(ping, up, down);
  EXPECT_EQ(up.delay + down.delay, 80ms);
  EXPECT_EQ(up.jitter.law, JitterLaw::exponential);
  EXPECT_EQ(up.delay + up.jitter.scale + down.delay + down.jitter.scale, ping.mean);
  EXPECT_NEAR(1 - (1 - up.loss) * (1 - down.loss), 0.25, 1e-12);
  EXPECT_EQ(down.bursts.to_bad, 0);
  EXPECT_EQ(up.bits_per_second, 1e6);
}

std::string iperf3(const std::string& test, const std::string& end) {
  return R"({"start": {"test_start": {)" + test + R"(}}, "intervals": [], "end": {)" + end + "}}";
}

TEST_F(Iperf3, tcp_up_down_and_both) {
  const std::string sums =
      R"("streams": [{"sender": {"min_rtt": 79000, "mean_rtt": 90000}, "receiver": {}},
                     {"sender": {"min_rtt": 78500, "mean_rtt": 92000}},
                     {"sender": {"min_rtt": 0, "mean_rtt": 0}}],
         "sum_sent": {"bits_per_second": 96e6, "retransmits": 7},
         "sum_received": {"bits_per_second": 94.5e6})";
  const Iperf3Summary up = read_iperf3(file(iperf3(R"("protocol": "TCP", "reverse": 0)", sums)));
  EXPECT_EQ(up.up_bps, 94.5e6);
  EXPECT_FALSE(up.down_bps);
  EXPECT_EQ(up.retransmits, 7u);
  EXPECT_EQ(up.min_rtt, netsim::LinkTime(78500us));
  EXPECT_EQ(up.mean_rtt, netsim::LinkTime(91ms));
  const Iperf3Summary down = read_iperf3(file(iperf3(R"("protocol": "TCP", "reverse": 1)", sums)));
  EXPECT_EQ(down.down_bps, 94.5e6);
  EXPECT_FALSE(down.up_bps);
  const Iperf3Summary both = read_iperf3(
      file(iperf3(R"("protocol": "TCP", "reverse": 0, "bidir": 1)",
                  sums + R"(, "sum_sent_bidir_reverse": {"bits_per_second": 51e6, "retransmits": 2},
                  "sum_received_bidir_reverse": {"bits_per_second": 50e6})")));
  EXPECT_EQ(both.up_bps, 94.5e6);
  EXPECT_EQ(both.down_bps, 50e6);
  EXPECT_EQ(both.retransmits, 9u);
}

TEST_F(Iperf3, udp_of_new_and_of_old_versions) {
  const std::string sum = R"("sum": {"bits_per_second": 100e6, "lost_percent": 10, "jitter_ms": 0.1})";
  const Iperf3Summary old = read_iperf3(file(iperf3(R"("protocol": "UDP", "reverse": 1)", sum)));
  EXPECT_TRUE(old.udp);
  EXPECT_DOUBLE_EQ(*old.down_bps, 90e6);
  EXPECT_FALSE(old.retransmits);
  EXPECT_FALSE(old.min_rtt);
  const Iperf3Summary now = read_iperf3(file(
      iperf3(R"("protocol": "UDP", "reverse": 0)", sum + R"(, "sum_received": {"bits_per_second": 89e6})")));
  EXPECT_EQ(now.up_bps, 89e6);
}

TEST_F(Iperf3, an_offer_that_came_through_is_no_rate_of_the_link) {
  const std::string sum = R"("sum_received": {"bits_per_second": 1048352, "lost_percent": 0})";
  const Iperf3Summary usual =
      read_iperf3(file(iperf3(R"("protocol": "UDP", "num_streams": 1, "target_bitrate": 1048576)", sum)));
  EXPECT_FALSE(usual.up_bps);
  EXPECT_EQ(usual.up_at_least_bps, 1048352);
  EXPECT_THAT(usual.notes,
              ElementsAre(HasSubstr("the link carries so much at least, its rate is not known")));
  const Iperf3Summary more =
      read_iperf3(file(iperf3(R"("protocol": "UDP", "num_streams": 2, "target_bitrate": 1048576)", sum)));
  EXPECT_EQ(more.up_bps, 1048352) << "half of it was lost";
  const Iperf3Summary paced =
      read_iperf3(file(iperf3(R"("protocol": "TCP", "reverse": 1, "target_bitrate": 5000000)",
                              R"("sum_received": {"bits_per_second": 5e6})")));
  EXPECT_EQ(paced.down_at_least_bps, 5e6);
}

TEST_F(Iperf3, its_own_words_beside_the_json_and_streams_of_events_are_read) {
  const std::string sum = R"("sum_received": {"bits_per_second": 94e6})", test = R"("protocol": "TCP")";
  const Iperf3Summary worded = read_iperf3(
      file("warning: overflow\n" + iperf3(test, sum) + "\niperf3: error - unable to send: Broken pipe\n"));
  EXPECT_EQ(worded.up_bps, 94e6);
  EXPECT_THAT(worded.notes,
              ElementsAre("beside the JSON iperf3 said 'warning: overflow'",
                          "beside the JSON iperf3 said 'iperf3: error - unable to send: Broken pipe'"));
  const Iperf3Summary streamed = read_iperf3(file(R"({"event": "start", "data": {"test_start": {)" + test +
                                                  R"(}}})" + "\n" + R"({"event": "interval", "data": {}})" +
                                                  "\n" + R"({"event": "end", "data": {)" + sum + "}}\n"));
  EXPECT_EQ(streamed.up_bps, 94e6);
  const Iperf3Summary old =
      read_iperf3(file(iperf3(R"("protocol": "UDP", "target_bitrate": 0)",
                              R"("sum": {"bits_per_second": 6.6e6, "lost_percent": -nan})")));
  EXPECT_EQ(old.up_bps, 6.6e6);
}

TEST_F(Iperf3, bad_files_are_named) {
  const auto error = [&](const std::string& text) { return error_of([&] { read_iperf3(file(text)); }); };
  const std::string tcp = R"("protocol": "TCP", "reverse": 0)";
  EXPECT_EQ(error(R"({"start": {}, "end": {}, "error": "unable to connect"})"),
            path + ": error: expected a finished test, found '\"unable to connect\"'");
  EXPECT_EQ(error("{}"), path + ": key 'end' is missing");
  EXPECT_EQ(error("[]"), path + ": expected iperf3's JSON, found none");
  EXPECT_THAT(error("iperf3: done"), HasSubstr("expected iperf3's JSON, found none"));
  EXPECT_THAT(error(iperf3(R"("protocol": "SCTP")", "")),
              HasSubstr("test_start: protocol: expected TCP or UDP"));
  EXPECT_THAT(error(iperf3(tcp, "")), HasSubstr("end: key 'sum_received' is missing"));
  EXPECT_THAT(error(iperf3(tcp, R"("sum_received": {"bits_per_second": "fast"})")),
              HasSubstr("end: sum_received: key 'bits_per_second': expected a number, found \"fast\""));
  EXPECT_THAT(error(iperf3(tcp, R"("sum_received": {"bits_per_second": 0})")),
              HasSubstr("end: sum_received: expected a received rate"));
}

TEST_F(LinkCsv, rows_become_the_schedule) {
  LinkSpec link;
  link.queue_bytes = 70'000;
  apply_csv(
      file("# a walk\ntime, rate_mbps,delay_ms,loss,down\r\n0,20,40,0,0\r\n\r\n1.5,,45.5,0.01,\n2,5,,,1\n"),
      link);
  EXPECT_EQ(link.bits_per_second, 20e6);
  EXPECT_EQ(link.delay, 40ms);
  ASSERT_EQ(link.schedule.size(), 2u);
  EXPECT_EQ(link.schedule[0].at, 1500ms);
  EXPECT_EQ(link.schedule[0].link.bits_per_second, 20e6);
  EXPECT_EQ(link.schedule[0].link.delay, 45'500us);
  EXPECT_EQ(link.schedule[0].link.loss, 0.01);
  EXPECT_FALSE(link.schedule[0].link.down);
  EXPECT_EQ(link.schedule[1].link.delay, 45'500us) << "an empty cell leaves what was";
  EXPECT_EQ(link.schedule[1].link.queue_bytes, 70'000u);
  EXPECT_TRUE(link.schedule[1].link.down);
  link.period = 3s;
  EXPECT_EQ(engine::parse_link(engine::to_json(link), "link").schedule.size(), 2u);
}

TEST_F(LinkCsv, before_its_first_row_the_link_is_as_stated) {
  LinkSpec link;
  link.bits_per_second = 1e6;
  apply_csv(file("rate_mbps,time\n3,1\n"), link);
  EXPECT_EQ(link.bits_per_second, 1e6);
  EXPECT_EQ(link.schedule.at(0).link.bits_per_second, 3e6);
}

TEST_F(LinkCsv, a_bad_line_is_named) {
  LinkSpec link;
  const auto error = [&](const char* text) { return error_of([&] { apply_csv(file(text), link); }); };
  EXPECT_EQ(error("time,rate_mbp\n"),
            path +
                ":1: expected columns of time, rate_mbps, delay_ms, loss, down, found "
                "'rate_mbp'; did you mean 'rate_mbps'?");
  EXPECT_EQ(error("time,loss\n0,0\n1,1\n"), path + ":3: expected a loss from 0 to below 1, found '1'");
  EXPECT_EQ(error("time,loss\n1,0\n1,0\n"), path + ":3: expected a time later than 1 s, found 1 s");
  EXPECT_THAT(error("time,loss\n1,0,2\n"), HasSubstr(":2: expected 2 cells, found 3"));
  EXPECT_THAT(error("time,loss\n,0\n"), HasSubstr(":2: expected a time in seconds"));
  EXPECT_THAT(error("time,loss,loss\n"), HasSubstr(":1: expected each column once"));
  EXPECT_THAT(error("rate_mbps\n1\n"), HasSubstr(":1: expected a column time"));
  EXPECT_THAT(error("time\n1\n"), HasSubstr(":1: expected a column beside time"));
  EXPECT_THAT(error("time,rate_mbps\n0,0\n"), HasSubstr(":2: expected a rate in Mbit/s"));
  EXPECT_THAT(error("time,delay_ms\n0,-3\n"), HasSubstr(":2: expected a delay in ms"));
  EXPECT_THAT(error("time,down\n0,yes\n"), HasSubstr(":2: expected down as 0 or 1, found 'yes'"));
  EXPECT_THAT(error(""), HasSubstr(":1: expected a line of column names"));
  EXPECT_THAT(error("time,loss\n"), HasSubstr(":2: expected a row of numbers, found the end"));
  EXPECT_TRUE(link.schedule.empty());
  link.opportunities = {1ms};
  EXPECT_THAT(error("time,rate_mbps\n0,1\n"), HasSubstr(":1: expected no rate_mbps"));
}

}  // namespace
}  // namespace splitwan::scenarios
