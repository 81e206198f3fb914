// A program run to its end, its output kept: how sweeps and gates run scenarios, one process each.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace splitwan::scenarios {

struct ChildOptions {
  std::string folder;                                            // it starts there; empty: ours
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::function<bool()> stop;                                    // asked every 50 ms: true kills it
};

struct ChildResult {
  int exit_code = 0;  // 128 + n where signal n ended it
  bool stopped = false;
  std::string out, err;          // of err the last 64 KiB
  double wall_s = 0, cpu_s = 0;  // cpu: user and system, its own children included
  long peak_rss_kib = 0;
};

// `command[0]` is a path. In a process group of its own, killed with us; its standard input is empty. Throws
// Error when it cannot be started.
ChildResult run_child(const std::vector<std::string>& command, const ChildOptions& = {});

// The path of `splitwan` itself: beside the program that runs. Throws Error when it is not there.
std::string splitwan_path();

// What is worth telling of a child that failed: the last line that it said, or how it ended.
std::string why_failed(const ChildResult&);

// job(i) for each i below `count`, so many at once; the first exception ends it and is thrown.
void run_parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& job);

}  // namespace splitwan::scenarios
