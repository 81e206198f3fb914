#include "engine/serve/memory_reserve.hh"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <vector>

namespace splitwan::engine {
namespace {

// In a process of its own: its memory is limited, then asked for until it is refused.
TEST(MemoryReserve, leaves_room_for_the_little_that_follows_a_refusal) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer's own memory is more than the limit";
#endif
  const auto run_short = [] {
    keep_memory_reserve(4 << 20);
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = rlim_t{200} << 20;
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(4);
    std::vector<std::unique_ptr<char[]>> all;
    all.reserve(10'000);
    try {
      while (all.size() < 10'000) all.push_back(std::make_unique<char[]>(1 << 20));
    } catch (const std::bad_alloc&) {
      const auto little = std::make_unique<char[]>(10'000);
      _exit(0);
    }
    _exit(3);
  };
  EXPECT_EXIT(run_short(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace splitwan::engine
