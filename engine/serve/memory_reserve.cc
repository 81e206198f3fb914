#include "engine/serve/memory_reserve.hh"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace splitwan::engine {
namespace {

std::atomic<void*> reserve = nullptr;

// operator new asks again after it has returned.
void give_back() {
  void* const kept = reserve.exchange(nullptr);
  if (!kept) throw std::bad_alloc();
  std::free(kept);
}

}  // namespace

void keep_memory_reserve(std::size_t bytes) {
  void* const kept = std::malloc(bytes);
  if (!kept) throw std::bad_alloc();
  std::memset(kept, 1, bytes);  // memory, not a promise of it
  std::free(reserve.exchange(kept));
  std::set_new_handler(give_back);
}

}  // namespace splitwan::engine
