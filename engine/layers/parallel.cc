#include "engine/layers/parallel.hh"

#include <ATen/Parallel.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/net/faults.hh"

namespace splitwan::engine {
namespace {

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Own threads rather than OpenMP's: those wake no faster, spin for milliseconds beside other parties, and
// mean nothing to ThreadSanitizer.
class Pool {
 public:
  // With as many as the system gives: fewer take longer, and that is all.
  explicit Pool(int threads) : asked_(threads) {
    try {
      for (int i = 1; i < threads; ++i) {
        if (fails(Fault::thread_start)) throw std::system_error(EAGAIN, std::generic_category());
        workers_.emplace_back([this] { serve(); });
      }
    } catch (const std::system_error&) {
    }
  }
  ~Pool() {
    stop_.store(true);
    round_.fetch_add(1);
    round_.notify_all();
    for (auto& worker : workers_) worker.join();
  }
  int asked() const { return asked_; }

  void run(std::int64_t n, std::int64_t chunk, const void* job,
           void (*call)(const void*, std::int64_t, std::int64_t)) {
    n_ = n, chunk_ = chunk, job_ = job, call_ = call;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    round_.fetch_add(1);
    if (asleep_.load() > 0) round_.notify_all();
    work();
    for (int spins = 0; busy_.load(std::memory_order_acquire) > 0; ++spins) {
      if (spins < 2000) {
        pause();
      } else {
        std::this_thread::yield();  // its core may be needed by the one we wait for
      }
    }
  }

 private:
  void work() {
    for (std::int64_t at; (at = next_.fetch_add(chunk_, std::memory_order_relaxed)) < n_;) {
      call_(job_, at, at + chunk_ < n_ ? at + chunk_ : n_);
    }
  }
  void serve() {
    for (std::uint32_t seen = 0;; ++seen) {
      int spins = 0;
      while (round_.load(std::memory_order_acquire) == seen && ++spins < 4000) pause();  // about 50 us
      if (round_.load() == seen) {
        asleep_.fetch_add(1);
        while (round_.load() == seen) round_.wait(seen);
        asleep_.fetch_sub(1);
      }
      if (stop_.load()) return;
      work();
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  const int asked_;
  std::vector<std::thread> workers_;
  std::int64_t n_ = 0, chunk_ = 0;
  const void* job_ = nullptr;
  void (*call_)(const void*, std::int64_t, std::int64_t) = nullptr;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::uint32_t> round_{0};
  std::atomic<int> busy_{0}, asleep_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace

int compute_threads() { return at::get_num_threads(); }

void parallel_chunks(int threads, std::int64_t n, std::int64_t chunk, const void* job,
                     void (*call)(const void*, std::int64_t, std::int64_t)) {
  if (threads <= 1 || n <= chunk) return call(job, 0, n);
  thread_local std::unique_ptr<Pool> pool;
  if (!pool || pool->asked() != threads) {
    pool.reset();
    pool = std::make_unique<Pool>(threads);
  }
  pool->run(n, chunk, job, call);
}

}  // namespace splitwan::engine
