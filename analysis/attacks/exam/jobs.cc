#include "analysis/attacks/exam/jobs.hh"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>

namespace splitwan::attacks {

void one_thread_per_operation() {
  at::set_num_threads(1);
  if (void* set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
}

void Workers::run(std::vector<Job> jobs) {
  std::ranges::stable_sort(jobs, std::greater<>{}, &Job::weight);
  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr failure;
  const auto work = [&] {
    one_thread_per_operation();
    std::unique_lock lock(mutex);
    while (next < jobs.size() && !failure) {
      const Job& job = jobs[next++];
      watch_(done_, total_, job.name);
      lock.unlock();
      std::exception_ptr thrown;
      try {
        if (stop_()) throw Stopped{};
        job.run();
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      done_ += job.weight;
      if (thrown && !failure) failure = thrown;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < threads_; ++i) threads.emplace_back(work);
    work();
  }
  watch_(done_, total_, "");
  if (failure) std::rethrow_exception(failure);
}

}  // namespace splitwan::attacks
