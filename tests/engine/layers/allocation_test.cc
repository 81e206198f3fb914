// A step of the layers takes no memory from the heap once its buffers have their size.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "engine/layers/layers.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // where only one of a pair is inlined
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace splitwan::engine {
namespace {

TEST(Allocations, are_none_in_a_step_of_the_layers) {
  tests::RandomModel model;
  const LayerStack& layers = model.whole->head();
  KvCache cache = layers.new_cache();
  for (int step = 0; step < 20; ++step) {
    const std::vector<std::int32_t> tree = {-1, 0, 1, 0, 3};
    cache.begin(tree);
    at::Tensor x = at::randn({5, model.config().width});
    const std::size_t before = allocations;
    x = layers(std::move(x), cache);
    if (step > 1) {
      EXPECT_EQ(allocations - before, 0u) << "step " << step;
    }
    cache.commit(std::vector<std::int32_t>{0, 3});
  }
}

TEST(Allocations, are_none_when_sessions_go_through_together) {
  tests::RandomModel model;
  const LayerStack& layers = model.whole->head();
  std::vector<KvCache> caches;
  for (int i = 0; i < 3; ++i) caches.push_back(layers.new_cache());
  for (int step = 0; step < 20; ++step) {
    std::vector<SessionRows> sessions;
    for (KvCache& cache : caches) {
      cache.begin({-1, 0, 0});
      sessions.push_back({&cache, 3});
    }
    at::Tensor x = at::randn({9, model.config().width});
    const std::size_t before = allocations;
    x = layers(std::move(x), sessions);
    if (step > 1) {
      EXPECT_EQ(allocations - before, 0u) << "step " << step;
    }
    for (KvCache& cache : caches) cache.commit(std::vector<std::int32_t>{0, 2});
  }
}

}  // namespace
}  // namespace splitwan::engine
