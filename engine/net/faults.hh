// Failures on order, so that tests can prove what follows from one: the n-th call of a kind fails. Costs one
// load where nothing is ordered.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace splitwan::engine {

enum class Fault : unsigned char { thread_start, accept, read, write };

namespace faults {

struct Order {
  std::atomic<int> calls = 0, first = 0, last = 0;  // calls of this kind so far; those that fail, from 1 on
};
inline std::array<Order, 4> orders;
inline std::atomic<bool> any = false;

inline Order& order(Fault f) { return orders[static_cast<std::size_t>(f)]; }

inline bool due(Fault f) {
  Order& o = order(f);
  const int call = ++o.calls;
  return call >= o.first && call <= o.last;
}

// For a test: the n-th call from now on fails, and `more` after it.
class Ordered {
 public:
  explicit Ordered(Fault f, int nth = 1, int more = 0) : fault_(f) {
    Order& o = order(f);
    o.calls = 0;
    o.first = nth;
    o.last = nth + more;
    any = true;
  }
  ~Ordered() {
    any = false;
    order(fault_).last = 0;
  }
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;
  int calls() const { return order(fault_).calls; }

 private:
  const Fault fault_;
};

}  // namespace faults

// Asked where the system may refuse: true = as if it had.
inline bool fails(Fault f) { return faults::any.load(std::memory_order_relaxed) && faults::due(f); }

}  // namespace splitwan::engine
