// Work shared by the threads of one compute thread: at::get_num_threads() of them, itself included.
#pragma once

#include <cstdint>

namespace splitwan::engine {

// `call(job, begin, end)` over [0, n) in chunks of `chunk`, by at most `threads` threads. Which thread takes
// which chunk is chance: jobs must not depend on it.
void parallel_chunks(int threads, std::int64_t n, std::int64_t chunk, const void* job,
                     void (*call)(const void*, std::int64_t, std::int64_t));
int compute_threads();

// range(begin, end) over [0, n), cut at multiples of `multiple`, when n * cost (multiply-adds) repays waking
// the others.
template <typename Range>
void parallel(std::int64_t n, std::int64_t cost, const Range& range, std::int64_t multiple = 1) {
  constexpr std::int64_t worth = 1 << 17;  // about 5 us
  const int threads = n * cost < 2 * worth ? 1 : compute_threads();
  if (threads == 1) return range(0, n);
  std::int64_t chunk =
      n / (std::int64_t{4} * threads);  // a thread that was interrupted leaves its share to the others
  if (chunk * cost < worth) chunk = worth / cost;
  chunk = (chunk + multiple) / multiple * multiple;
  parallel_chunks(threads, n, chunk, &range, [](const void* job, std::int64_t begin, std::int64_t end) {
    (*static_cast<const Range*>(job))(begin, end);
  });
}

}  // namespace splitwan::engine
