// Clients that take more than is theirs: the one that behaves does not notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/served_fixture.hh"

namespace splitwan::tests {
namespace {

using testing::Contains;

struct Client : HandClient {
  explicit Client(const RunningServer& s) : HandClient(s) {
    hello();
    welcome();
  }
};

// How many calls the server makes from when this one-row step waits there until it is answered.
int calls_until_answered(RunningServer& r, HandClient& client, std::uint32_t context) {
  const std::uint64_t before = r.watch.bytes_in;
  const Message step = rows_message(Kind::request, {1}, context);
  client.send(step);
  EXPECT_TRUE(comes_true([&] { return r.watch.bytes_in >= before + engine::wire_size(step); }, 20s));
  const int calls = r.served.calls;
  while (true) {
    r.served.permits.release();
    if (const auto answer = client.transport.recv(1, client.clock.now() + 100ms)) break;
  }
  return r.served.calls - calls;
}

TEST(Hostile, silent_connections_shut_nobody_out) {
  engine::ServerTerms terms;
  terms.seats.courtesy = 300ms;
  RunningServer r(terms);
  const auto begun = std::chrono::steady_clock::now();
  Client inside(r);
  std::vector<engine::OpenSocket> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(engine::connect(r.server.address()));
  EXPECT_TRUE(comes_true([&] { return r.watch.all(r.watch.refusals).size() >= 24; }));
  std::this_thread::sleep_for(350ms);
  Client comes(r);
  EXPECT_EQ(comes.ask({1}, 0), answers_to({1}));
  EXPECT_EQ(inside.ask({1}, 0), answers_to({1}));
  int lines = 0;
  for (const std::string& line : r.watch.all(r.watch.lines))
    lines += line.find("refused: ") != std::string::npos;
  EXPECT_LE(lines, (std::chrono::steady_clock::now() - begun) / 1s + 1);  // a flood fills no disk
}

TEST(Hostile, who_says_nothing_leaves_in_time) {
  engine::ServerTerms terms;
  terms.channel.greeting = 100ms;
  RunningServer r(terms);
  const auto silent = engine::connect(r.server.address());
  EXPECT_TRUE(comes_true([&] { return r.has("no greeting within 0.1 s"); }));
  EXPECT_TRUE(comes_true([&] { return r.server.state().connections == 0; }));
}

TEST(Hostile, work_of_a_client_that_left_is_dropped) {
  FakeServed slow;
  slow.per_row = 100us;
  RunningServer r({}, &slow);
  {
    Client leaves(r);
    for (std::uint32_t i = 0; i < 40; ++i) leaves.send(rows_message(Kind::request, Rows(1000), i * 1000));
    EXPECT_TRUE(comes_true([&] { return slow.rows > 0; }));
  }
  EXPECT_TRUE(comes_true([&] { return slow.sessions == 0; }));
  EXPECT_LT(slow.rows, 10'000);
  EXPECT_EQ(r.server.state().queued_bytes, 0u);
}

TEST(Hostile, a_flood_of_requests_is_not_even_read) {
  FakeServed gated;
  gated.gated = true;
  engine::ServerTerms terms;
  terms.queued_requests = 8;
  RunningServer r(terms, &gated);
  Client flood(r), good(r);
  for (std::uint32_t i = 0; i < 2000; ++i) flood.send(rows_message(Kind::request, {i}, i));
  EXPECT_TRUE(comes_true([&] { return r.server.state().waiting >= 7; }));
  EXPECT_TRUE(comes_true([&] { return r.server.state().waiting <= 12; }));
  EXPECT_LT(r.server.state().queued_bytes, 2'000u);
  for (std::uint32_t step = 0; step < 20; ++step) EXPECT_LE(calls_until_answered(r, good, step), 3) << step;
  gated.permits.release(10'000);
}

TEST(Hostile, a_long_request_is_cut_into_slices_for_those_who_take_small_steps) {
  FakeServed gated;
  gated.gated = true;
  RunningServer r({}, &gated);
  Client good(r), hog(r);
  hog.send(rows_message(Kind::request, Rows(4000), 0));
  EXPECT_TRUE(comes_true([&] { return r.watch.bytes_in > 16'000; }));
  for (std::uint32_t step = 0; step < 20; ++step) EXPECT_LE(calls_until_answered(r, good, step), 3) << step;
  EXPECT_LE(gated.most_shared, 32);
  gated.permits.release(10'000);
  EXPECT_EQ(rows_of(hog.hear()), answers_to(Rows(4000)));
}

// A bare socket that takes little at a time, and never reads.
struct Deaf {
  explicit Deaf(const RunningServer& r) : socket(engine::connect(r.server.address())) {
    const int small = 4096;
    ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  // False when it is not read from for 2 s.
  bool write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      pollfd ready{socket.descriptor(), POLLOUT, 0};
      if (::poll(&ready, 1, 2000) <= 0) return false;
      const auto sent = ::send(socket.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool write(const Message& m) const { return write(engine::encode(m)); }
  engine::OpenSocket socket;
};

TEST(Hostile, who_asks_for_the_same_answer_again_and_again_is_not_heard_until_it_has_read_some) {
  engine::ServerTerms terms;
  terms.unread = 64 << 10;
  RunningServer r(terms);
  const Deaf deaf(r);
  ASSERT_TRUE(deaf.write(
      engine::text_message(Kind::hello, R"({"session": {"key": ")" + std::string(32, 'a') + R"("}})")));
  ASSERT_TRUE(deaf.write(rows_message(Kind::request, Rows(4000), 0, 1)));
  ASSERT_TRUE(comes_true([&] { return r.watch.bytes_out > 16'000; }));
  const Message again = rows_message(Kind::request, {}, 0, 1);
  for (int i = 0; i < 10'000 && deaf.write(again); ++i)
    ;
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(r.watch.bytes_out, 16u << 20);  // what the system takes: 160 MB were asked for
  Client good(r);
  EXPECT_EQ(good.ask({1}, 0), answers_to({1}));
}

TEST(Hostile, who_does_not_read_is_not_computed_for_and_leaves_in_time) {
  engine::ServerTerms terms;
  terms.unread = 64 << 10;
  terms.queued_requests = 8;
  terms.channel.patience = 300ms;
  RunningServer r(terms);
  const Deaf deaf(r);
  ASSERT_TRUE(deaf.write(engine::text_message(Kind::hello, "{}")));
  std::uint32_t context = 0;
  while (context < 8'000'000 && deaf.write(rows_message(Kind::request, Rows(4000), context))) context += 4000;
  EXPECT_LT(context, 8'000'000u);
  EXPECT_TRUE(comes_true([&] { return r.has("does not read what it is sent"); }, 20s));
  EXPECT_LT(r.served.rows, 8'000'000);
  Client good(r);
  EXPECT_EQ(good.ask({1}, 0), answers_to({1}));
}

TEST(Hostile, payloads_that_keep_coming_are_bounded_by_what_all_may_have_under_way) {
  engine::ServerTerms terms;
  terms.queued_bytes = 1 << 20;
  RunningServer r(terms);
  Client good(r);
  std::vector<std::unique_ptr<Client>> greedy;
  std::vector<engine::OpenSocket> raw;
  const engine::Bytes hello = engine::encode(engine::text_message(Kind::hello, "{}"));
  engine::Bytes most = engine::encode(rows_message(Kind::request, Rows(4000), 0));
  most.resize(900 << 10);
  most[48] = std::byte{0};  // it announces 1 MiB, and never ends
  most[49] = std::byte{0};
  most[50] = std::byte{16};
  for (int i = 0; i < 4; ++i) {
    raw.push_back(engine::connect(r.server.address()));
    ASSERT_EQ(::send(raw.back().descriptor(), hello.data(), hello.size(), MSG_NOSIGNAL), std::ssize(hello));
  }
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 5; }));
  std::vector<std::thread> senders;
  for (auto& socket : raw)
    senders.emplace_back([&] {
      for (std::size_t at = 0; at < most.size();) {
        const auto sent = ::send(socket.descriptor(), most.data() + at, most.size() - at, MSG_NOSIGNAL);
        if (sent <= 0 && errno != EAGAIN) return;
        if (sent > 0) at += static_cast<std::size_t>(sent);
      }
    });
  for (auto& sender : senders) sender.join();
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions <= 3; }));  // half a MiB is held of each
  EXPECT_THAT(r.watch.all(r.watch.refusals), Contains("bytes"));
  EXPECT_EQ(good.ask({1}, 0), answers_to({1}));
}

// Who was refused is read from for a while, so that it hears why.
TEST(Hostile, what_comes_after_a_refusal_is_at_nobodys_cost) {
  FakeServed gated;
  gated.gated = true;
  engine::ServerTerms terms;
  terms.queued_bytes = 1 << 20;
  RunningServer r(terms, &gated);
  Client good(r);
  good.send(rows_message(Kind::request, {1}, 0));
  EXPECT_TRUE(comes_true([&] { return r.server.state().queued_bytes > 0; }));
  Message large = rows_message(Kind::request, Rows(1 << 20), 0);
  large.header.rows = 1;
  engine::Bytes most = engine::encode(large);  // 4 MiB, all but the end
  most.pop_back();
  std::vector<Deaf> refused;
  for (int i = 0; i < 3; ++i) {
    refused.emplace_back(r);
    ASSERT_TRUE(refused.back().write(engine::text_message(Kind::hello, "[]")));
  }
  EXPECT_TRUE(comes_true([&] { return r.watch.all(r.watch.refusals).size() == 3; }));
  for (const Deaf& each : refused) EXPECT_TRUE(each.write(most));
  std::this_thread::sleep_for(500ms);
  EXPECT_THAT(r.watch.all(r.watch.refusals), testing::Each("hello"));
  gated.permits.release(100);
  EXPECT_EQ(rows_of(good.hear()), answers_to({1}));
}

TEST(Hostile, full_caches_of_idle_sessions_make_room) {
  FakeServed large;
  large.cache_bytes_per_row = 1 << 10;
  engine::ServerTerms terms;
  terms.memory = 10 << 20;
  RunningServer r(terms, &large);
  Client good(r);
  std::vector<std::unique_ptr<Client>> idle;
  std::uint32_t context = 0;
  for (int i = 0; i < 30; ++i) {
    idle.push_back(std::make_unique<Client>(r));
    idle.back()->ask(Rows(1000), 0);  // 1 MB each
    good.ask({1}, context++);
  }
  EXPECT_TRUE(comes_true([&] { return r.server.state().cache_bytes <= terms.memory; }));
  EXPECT_EQ(r.server.state().sessions, 31);
  good.ask({1}, context);
  EXPECT_EQ(error_of([&] { idle[0]->ask({1}, 1000); }),
            "refused: session closed: its memory was needed for others");
  EXPECT_EQ(idle.back()->ask({1}, 1000).size(), 1u);
}

TEST(Hostile, floods_of_requests_do_not_cost_a_client_between_two_steps_its_cache) {
  FakeServed large;
  large.cache_bytes_per_row = 20 << 10;
  large.per_call = 4ms;  // floods that are answered as fast as they come are none
  engine::ServerTerms terms;
  terms.memory = 10 << 20;
  RunningServer r(terms, &large);
  Client good(r);
  std::vector<std::unique_ptr<Client>> floods;
  for (int i = 0; i < 10; ++i) {
    floods.push_back(std::make_unique<Client>(r));
    for (std::uint32_t k = 0; k < 300; ++k) floods.back()->send(rows_message(Kind::request, {1}, k));
  }
  std::uint32_t context = 0;
  const auto was_short = [&] { return !r.watch.all(r.watch.refusals).empty(); };
  for (; context < 100 || (!was_short() && context < 300); ++context) {
    good.ask({1}, context);
    std::this_thread::sleep_for(2ms);
  }
  EXPECT_TRUE(was_short());
  EXPECT_EQ(good.ask({1}, context).size(), 1u);
}

TEST(Hostile, one_cache_larger_than_all_memory_ends_its_session_and_no_other) {
  FakeServed large;
  large.cache_bytes_per_row = 1 << 20;
  engine::ServerTerms terms;
  terms.memory = 10 << 20;
  RunningServer r(terms, &large);
  Client good(r), greedy(r);
  good.ask({1}, 0);
  greedy.send(rows_message(Kind::request, Rows(20), 0));
  EXPECT_EQ(greedy.hear().header.kind, Kind::reply);
  EXPECT_EQ(error_of([&] { greedy.hear(); }), "refused: session closed: its memory was needed for others");
  EXPECT_EQ(good.ask({1}, 1).size(), 1u);
}

TEST(Hostile, ten_thousand_connections_leave_nothing_behind) {
  RunningServer r;
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  Client good(r);
  const auto before = open_descriptors();
  for (int i = 0; i < 10'000; ++i) {
    const auto socket = engine::connect(r.server.address());
    if (i % 100 == 0) {
      EXPECT_EQ(good.ask({1}, static_cast<std::uint32_t>(i / 100)).size(), 1u);
    }
  }
  EXPECT_TRUE(comes_true([&] { return r.server.state().connections == 1; }, 30s));
  EXPECT_TRUE(comes_true([&] { return open_descriptors() == before; }));
}

}  // namespace
}  // namespace splitwan::tests
