// What the system refuses, a server survives: threads, accepts, writes, and memory at every place where it
// asks for some.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>

#include "engine/net/faults.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/served_fixture.hh"

namespace {

// Allocations of a server's threads that go well before one does not; below 0: all.
std::atomic<int> until_memory_is_short = -1;
thread_local bool of_a_server = false;

// The little that is asked for where nothing may fail comes from a server's reserve (base/memory_reserve.hh).
constexpr std::size_t little = 65;

void* allocate(std::size_t size) {
  if (of_a_server && size >= little && until_memory_is_short >= 0 && until_memory_is_short-- == 0)
    throw std::bad_alloc();
  if (void* found = std::malloc(size ? size : 1)) return found;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size ? size : 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size ? size : 1);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

namespace splitwan::tests {
namespace {

using engine::Fault;
using engine::faults::Ordered;
using testing::Contains;

TEST(Failures, of_a_thread_to_start_are_told_when_the_server_is_made) {
  FakeServed served;
  const Ordered fault(Fault::thread_start);
  EXPECT_THAT(error_of([&] {
                engine::Server server({"127.0.0.1", 0}, served, {});
              }),
              testing::StartsWith("the computing thread cannot be started"));
}

TEST(Failures, to_accept_are_got_over) {
  RunningServer r;
  HandClient before(r);
  before.hello();
  before.welcome();
  const Ordered fault(Fault::accept, 1, 2);
  std::optional<HandClient> after;
  EXPECT_TRUE(comes_true([&] {
    return error_of([&] {
             after.emplace(r);
             after->hello();
             after->welcome();
           }) == "";
  }));
  EXPECT_THAT(r.watch.all(r.watch.refusals), Contains("descriptors"));
  EXPECT_EQ(before.ask({1}, 0), answers_to({1}));
  EXPECT_EQ(after->ask({1}, 0), answers_to({1}));
}

TEST(Failures, to_accept_for_good_cost_no_time_to_speak_of) {
  RunningServer r;
  const Ordered fault(Fault::accept, 1, 1'000'000);
  const auto client = engine::connect(r.server.address());
  std::this_thread::sleep_for(500ms);
  EXPECT_LE(fault.calls(), 10);
}

TEST(Failures, to_read_or_to_write_end_one_connection) {
  for (const Fault kind : {Fault::read, Fault::write}) {
    for (int nth = 1; nth <= 6; ++nth) {
      RunningServer r;
      HandClient canary(r);
      canary.hello();
      canary.welcome();
      std::this_thread::sleep_for(10ms);  // its reads are under way
      {
        const Ordered fault(kind, nth);
        error_of([&] {
          HandClient victim(r);
          victim.hello();
          victim.welcome();
          victim.ask({1}, 0);
        });
      }
      EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 1; }));
      EXPECT_EQ(canary.ask({1}, 0), answers_to({1}));
    }
  }
}

// A server both of whose threads lack memory when the test says so.
struct Short {
  Short()
      : server({"127.0.0.1", 0}, served, terms(), engine::make_plain_stream, watch), thread([this] {
          of_a_server = true;
          server.run();
        }) {}
  ~Short() {
    server.end();
    thread.join();
  }
  static engine::ServerTerms terms() {
    engine::ServerTerms terms;
    terms.prepare = [] { of_a_server = true; };
    return terms;
  }

  FakeServed served;
  Watched watch;
  engine::Server server;
  std::thread thread;
};

// Not while a hello is read: the JSON library's destructor asks for memory, and must get it.
TEST(Failures, to_get_memory_wherever_it_is_asked_for_end_one_session_at_most) {
  Short r;
  HandClient canary(r.server.address());
  canary.hello();
  canary.welcome();
  Rows asked;
  const auto canary_is_well = [&] {
    asked.push_back(static_cast<std::uint32_t>(asked.size()));
    return canary.ask({asked.back()}, static_cast<std::uint32_t>(asked.size() - 1))[0] ==
           answers_to(asked).back();
  };
  int failed = 0;
  for (int nth = 0; nth < 25; ++nth) {
    until_memory_is_short = nth;
    const auto connection = engine::connect(r.server.address());
    std::this_thread::sleep_for(10ms);
    failed += until_memory_is_short.exchange(-1) < 0;
    ASSERT_TRUE(canary_is_well()) << nth;
  }
  EXPECT_GT(failed, 2);
  failed = 0;
  for (int nth = 0; nth < 80; ++nth) {
    HandClient victim(r.server.address());
    victim.hello(R"({"session": {"key": ")" + std::string(32, static_cast<char>('a' + nth % 6)) + "\"}}");
    victim.welcome();
    until_memory_is_short = nth;
    error_of([&] {
      for (std::uint32_t step = 0; step < 4; ++step) {
        victim.send(rows_message(Kind::request, {1, 2, 3}, 3 * step, step + 1));
        EXPECT_EQ(rows_of(victim.hear(300ms)).size(), 3u);
      }
    });
    victim.send(engine::text_message(Kind::bye));
    std::this_thread::sleep_for(10ms);
    failed += until_memory_is_short.exchange(-1) < 0;
    ASSERT_TRUE(canary_is_well()) << nth;
  }
  EXPECT_GT(failed, 20);
  EXPECT_TRUE(comes_true([&] { return r.server.state().connections == 1; }));
}

// A request may be lost with its connection, but not so that the session waits for it for ever.
TEST(Failures, to_get_memory_for_a_request_leave_it_to_be_asked_again) {
  Short r;
  int failed = 0;
  for (int nth = 0; nth < 20; ++nth) {
    const std::string key = fmt::format("{:032x}", nth);
    const Message request = rows_message(Kind::request, {1, 2, 3}, 0, 1);
    std::optional<HandClient> client(std::in_place, r.server.address());
    client->hello(R"({"session": {"key": ")" + key + "\"}}");
    client->welcome();
    until_memory_is_short = nth;
    const bool lost = !error_of([&] {
                         client->send(request);
                         client->hear(300ms);
                       }).empty();
    failed += until_memory_is_short.exchange(-1) < 0;
    if (!lost) continue;
    client.emplace(r.server.address());
    client->hello(R"({"session": {"key": ")" + key + R"(", "received": 0, "first": 1, "in_flight": 1}})");
    client->send(request);
    if (client->welcome().find("cold") != std::string::npos) client->send(request);
    EXPECT_EQ(rows_of(client->hear(2s)), answers_to({1, 2, 3})) << nth;
  }
  EXPECT_GT(failed, 5);
}

}  // namespace
}  // namespace splitwan::tests
