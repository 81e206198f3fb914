// /health and /metrics, and who asks there.
#include "scenarios/watch/lookout.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include "engine/base/json_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;
using std::chrono::steady_clock;
using testing::HasSubstr, testing::Not;
using namespace std::chrono_literals;

engine::OpenSocket call(const Lookout& lookout) {
  return engine::connect(engine::parse_endpoint(lookout.address()));
}

void say(const engine::OpenSocket& to, const std::string& text) {
  ::send(to.descriptor(), text.data(), text.size(), MSG_NOSIGNAL);
}

// All that comes until the end.
std::string hear(const engine::OpenSocket& from) {
  ::fcntl(from.descriptor(), F_SETFL, 0);
  const timeval patience{20, 0};
  ::setsockopt(from.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string all;
  std::array<char, 65536> buffer;
  while (true) {
    const auto got = ::recv(from.descriptor(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string ask(const Lookout& lookout, const std::string& request) {
  const engine::OpenSocket socket = call(lookout);
  say(socket, request);
  return hear(socket);
}

std::string get(const Lookout& lookout, const std::string& path) {
  return ask(lookout, "GET " + path + " HTTP/1.1\r\nHost: here\r\n\r\n");
}

std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

// 0 where there is no such line.
double value_of(const std::string& metrics, const std::string& name) {
  const auto at = metrics.find("\n" + name + " ");
  return at == std::string::npos ? NAN : std::stod(metrics.substr(at + name.size() + 2));
}

struct Watched {
  LookoutOptions options{"127.0.0.1:0", "error", false};
  Lookout lookout{options, false};
  engine::ServerState state{.connections = 5, .sessions = 3, .idle = 2, .cache_bytes = 4096, .waiting = 7};
  std::shared_ptr<void> looking = lookout.look_at([this] { return state; });
};

TEST(Lookout, tells_whether_new_clients_are_taken) {
  Watched w;
  const std::string ok = get(w.lookout, "/health");
  EXPECT_THAT(ok, HasSubstr("HTTP/1.1 200 OK\r\n"));
  const auto j = Json::parse(body(ok));
  EXPECT_EQ(j["status"], "ok");
  EXPECT_EQ(j["sessions"], 3);
  EXPECT_EQ(j["kept"], 2);
  w.state.draining = true;
  const std::string draining = get(w.lookout, "/health?verbose");
  EXPECT_THAT(draining, HasSubstr("HTTP/1.1 503"));
  EXPECT_EQ(Json::parse(body(draining))["status"], "draining");
  w.looking.reset();
  EXPECT_EQ(Json::parse(body(get(w.lookout, "/health")))["status"], "ended");
}

TEST(Lookout, is_starting_before_there_is_a_server) {
  const Lookout lookout({"127.0.0.1:0"}, false);
  const std::string early = get(lookout, "/health");
  EXPECT_THAT(early, HasSubstr("HTTP/1.1 503"));
  EXPECT_THAT(early, HasSubstr(R"({"status":"starting"})"));
}

TEST(Lookout, counts_and_measures_what_the_server_does) {
  Watched w;
  Lookout& l = w.lookout;
  l.refused("sessions");
  l.refused("sessions");
  l.ended("bye");
  l.resumed(true);
  l.resumed(false);
  l.moved(100, 0);
  l.moved(0, 40);
  l.computed({.decode = 1ms, .layers = 3ms, .encode = 1ms, .rows = 12}, 4);
  l.waited(2ms);
  l.sent_again(3);
  engine::TcpSample tcp;
  tcp.rtt = 80ms;
  tcp.window = 10;
  l.answered(5ms, tcp);
  l.answered(5ms, {});  // over a Unix socket: nothing of TCP
  const std::string m = get(l, "/metrics");
  EXPECT_THAT(m, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_EQ(value_of(m, R"(splitwan_refused_total{reason="sessions"})"), 2);
  EXPECT_EQ(value_of(m, R"(splitwan_sessions_ended_total{why="bye"})"), 1);
  EXPECT_EQ(value_of(m, R"(splitwan_sessions_resumed_total{how="warm"})"), 1);
  EXPECT_EQ(value_of(m, R"(splitwan_sessions_resumed_total{how="cold"})"), 1);
  EXPECT_EQ(value_of(m, R"(splitwan_bytes_total{way="in"})"), 100);
  EXPECT_EQ(value_of(m, R"(splitwan_bytes_total{way="out"})"), 40);
  EXPECT_EQ(value_of(m, "splitwan_rows_total"), 12);
  EXPECT_EQ(value_of(m, "splitwan_requests_total"), 2);
  EXPECT_EQ(value_of(m, R"(splitwan_batch_requests_bucket{le="2"})"), 0);
  EXPECT_EQ(value_of(m, R"(splitwan_batch_requests_bucket{le="4"})"), 1);
  EXPECT_EQ(value_of(m, "splitwan_batch_rows_sum"), 12);
  for (const char* phase : {"waited", "decode", "layers", "encode"})
    EXPECT_EQ(value_of(m, fmt::format("splitwan_phase_seconds_count{{phase=\"{}\"}}", phase)), 1) << phase;
  EXPECT_EQ(value_of(m, R"(splitwan_phase_seconds_count{phase="held"})"), 2);
  EXPECT_NEAR(value_of(m, R"(splitwan_phase_seconds_sum{phase="held"})"), 0.010, 1e-9);
  EXPECT_EQ(value_of(m, "splitwan_tcp_rtt_seconds_count"), 1);
  EXPECT_NEAR(value_of(m, "splitwan_tcp_rtt_seconds_sum"), 0.080, 1e-9);
  EXPECT_EQ(value_of(m, "splitwan_tcp_window_segments_sum"), 10);
  EXPECT_EQ(value_of(m, "splitwan_tcp_sent_again_segments_sum"), 3);
  EXPECT_EQ(value_of(m, "splitwan_connections"), 5);
  EXPECT_EQ(value_of(m, R"(splitwan_sessions{state="active"})"), 3);
  EXPECT_EQ(value_of(m, R"(splitwan_sessions{state="kept"})"), 2);
  EXPECT_EQ(value_of(m, "splitwan_cache_bytes"), 4096);
  EXPECT_EQ(value_of(m, "splitwan_requests_waiting"), 7);
  EXPECT_GT(value_of(m, "process_resident_memory_bytes"), 1e6);
  EXPECT_THAT(m, HasSubstr("splitwan_build_info{"));
}

// Names of metrics, as the page says them and as they are answered.
std::set<std::string> names_in(const std::string& text, const std::string& pattern) {
  std::set<std::string> names;
  const std::regex wanted(pattern);
  for (std::sregex_iterator i(text.begin(), text.end(), wanted); i != std::sregex_iterator(); ++i)
    names.insert((*i)[1]);
  return names;
}

TEST(Lookout, answers_what_its_page_says) {
  Watched w;
  w.lookout.refused("a");
  w.lookout.ended("b");
  w.lookout.resumed(true);
  std::ifstream page(SPLITWAN_SOURCE_DIR "/scenarios/watch/README.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  const auto told = names_in(text, "`((splitwan|process)_[a-z_]+)[`{]");
  EXPECT_GE(told.size(), 20u);
  EXPECT_EQ(told, names_in(get(w.lookout, "/metrics"), "# TYPE ([a-z_]+) "));
}

TEST(Lookout, keeps_few_words_whatever_it_is_told) {
  Watched w;
  for (int i = 0; i < 1000; ++i) w.lookout.refused(fmt::format("word {}", i));
  const std::string m = get(w.lookout, "/metrics");
  EXPECT_EQ(value_of(m, R"(splitwan_refused_total{reason="word 3"})"), 1);
  EXPECT_EQ(value_of(m, R"(splitwan_refused_total{reason="other"})"), 1000 - 32);
}

TEST(Lookout, counts_lines_that_could_not_be_written) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  Lookout lookout({"127.0.0.1:0"}, false, full);
  for (int i = 0; i < 5; ++i) lookout.log(engine::Level::info, "a line");
  const auto deadline = steady_clock::now() + 10s;
  double lost = 0;
  while (lost < 5 && steady_clock::now() < deadline)
    lost = value_of(get(lookout, "/metrics"), "splitwan_log_lines_lost");
  EXPECT_EQ(lost, 5);
  ::close(full);
}

TEST(Lookout, answers_those_who_know_their_http_and_nobody_else) {
  Watched w;
  EXPECT_THAT(get(w.lookout, "/"), HasSubstr("HTTP/1.1 404"));
  EXPECT_THAT(ask(w.lookout, "POST /health HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("HTTP/1.1 405"));
  const std::string head = ask(w.lookout, "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("HTTP/1.1 200"));
  EXPECT_EQ(body(head), "");
  EXPECT_THAT(ask(w.lookout, "GET /health HTTP/1.0\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_EQ(ask(w.lookout, std::string(64 << 10, 'a')), "");
  EXPECT_EQ(ask(w.lookout, "GET /health HTTP/1.1\r\nX: " + std::string(64 << 10, 'a')), "");
  EXPECT_EQ(ask(w.lookout, std::string("\x16\x03\x01\0\0\r\n\r\n", 9)), "");
  EXPECT_THAT(get(w.lookout, "/health"), HasSubstr("200 OK"));
}

TEST(Lookout, answers_though_many_call_and_say_nothing) {
  Watched w;
  std::vector<engine::OpenSocket> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(call(w.lookout));
    if (i % 2) say(silent.back(), "GET /metrics HTT");
  }
  const auto begin = steady_clock::now();
  EXPECT_THAT(get(w.lookout, "/health"), HasSubstr("200 OK"));
  EXPECT_LT(steady_clock::now() - begin, 3s);  // less than the silent ones may stay
  EXPECT_EQ(hear(silent.front()), "");         // who was longest there made room
}

TEST(HttpPage, shows_out_who_takes_too_long) {
  const HttpPage page(
      {"127.0.0.1", 0}, [](auto) { return Page{}; }, 100ms);
  const auto begin = steady_clock::now();
  const engine::OpenSocket silent = engine::connect(page.address());
  EXPECT_EQ(hear(silent), "");
  EXPECT_LT(steady_clock::now() - begin, 5s);
}

TEST(Lookout, takes_this_machine_s_callers_only_unless_told_otherwise) {
  EXPECT_THAT(tests::error_of([] { Lookout({"0.0.0.0:0"}, false); }), HasSubstr("--insecure"));
  const Lookout open({"0.0.0.0:0"}, true);
  EXPECT_THAT(open.address(), testing::StartsWith("0.0.0.0:"));
  EXPECT_THAT(tests::error_of([] { Lookout({"nowhere"}, false); }), HasSubstr("HOST:PORT"));
  EXPECT_THAT(tests::error_of([] { Lookout({"", "loud"}, false); }), HasSubstr("--log-level 'loud'"));
  EXPECT_THAT(tests::error_of([&] { Lookout({open.address()}, true); }), HasSubstr("in use"));
}

TEST(Lookout, listens_on_a_unix_socket_of_ours_alone) {
  const tests::TemporaryFolder folder;
  const Lookout lookout({"unix:" + (folder / "watch")}, false);
  struct stat found {};
  ASSERT_EQ(::stat((folder / "watch").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_THAT(get(lookout, "/metrics"), HasSubstr("200 OK"));
}

TEST(Lookout, is_asked_while_the_server_works) {
  Watched w;
  std::atomic<bool> stop = false;
  std::vector<std::thread> working;
  for (int i = 0; i < 3; ++i)
    working.emplace_back([&] {
      while (!stop) {
        w.lookout.refused("sessions");
        w.lookout.computed({.rows = 1}, 1);
      }
    });
  double last = 0;
  for (int i = 0; i < 20; ++i) {
    const double rows = value_of(get(w.lookout, "/metrics"), "splitwan_rows_total");
    EXPECT_GE(rows, last);
    last = rows;
  }
  stop = true;
  for (auto& t : working) t.join();
  EXPECT_GT(last, 0);
}

}  // namespace
}  // namespace splitwan::scenarios
