// Many jobs on a few threads, each job on one: whatever the number of threads, a job's sums have one order.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analysis/attacks/exam/stop.hh"

namespace splitwan::attacks {

struct Job {
  std::string name;
  double weight = 1;  // of the expected time, in any unit
  std::function<void()> run;
};

// For this thread, and for BLAS altogether: threads of ours, one per job, instead of threads inside every
// product.
void one_thread_per_operation();

// done and total in the jobs' weights.
using Watch = std::function<void(double done, double total, const std::string& job)>;

class Workers {
 public:
  Workers(int threads, Stop stop, Watch watch)
      : threads_(threads), stop_(std::move(stop)), watch_(std::move(watch)) {}
  // The heaviest first. The first failure is rethrown, Stopped included; jobs begin no more after it.
  void run(std::vector<Job>);
  void expect(double weight) { total_ += weight; }  // announced before: what run() will be given later
  const Stop& stop() const { return stop_; }

 private:
  int threads_;
  Stop stop_;
  Watch watch_;
  double done_ = 0, total_ = 0;
};

}  // namespace splitwan::attacks
