// A trace that is on the disk while its runs are still being made: whatever ends the program, finished runs
// stay, and of a live one all but its last step.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/party/trace.hh"

namespace splitwan::engine {

// Until finish() runs are in PATH.partial (mode 0600), in the order in which they ended. It is written step
// by step, which outlives the process, and reaches the disk each second, which outlives the machine. One that
// another call left there stays: this one's is then PATH.partial.2, and so on.
class TraceWriter {
 public:
  // "", "-" and what is no regular file (a device, a pipe): nothing is kept until the end.
  explicit TraceWriter(std::string path);
  ~TraceWriter();  // without finish(): what was kept stays
  TraceWriter(const TraceWriter&) = delete;

  // A run that is written as it goes, until add() has its end. One at a time. Null where nothing is kept.
  Recorder* begin(RunHeader);
  void add(const Run&);  // a finished one; from any thread
  // The trace, whole, in place of what was kept. Nothing where the path is "".
  void finish(const std::vector<Run>&);
  void drop();  // what was kept is of no use

  const std::string& kept() const { return partial_; }     // the file; empty: nothing is kept
  const std::string& earlier() const { return earlier_; }  // likewise, of another call, if there is one
  // What `job` gives; the line of its exception names kept().
  template <typename Job>
  auto keeping(Job&& job) {
    try {
      return job();
    } catch (const std::exception& e) {
      if (partial_.empty()) throw;
      const std::string_view line = e.what();  // libtorch adds a backtrace below it
      throw Error("{}; what was done until then is kept in {}", line.substr(0, line.find('\n')), partial_);
    }
  }

 private:
  class Live;
  void put(std::string_view lines);
  void open();
  void sync_each_second(const std::stop_token&);

  std::string path_, partial_, earlier_;
  bool keeps_ = false;
  std::size_t runs_ = 0;
  std::unique_ptr<Live> live_;
  std::optional<UnfinishedFile> unfinished_;
  std::mutex mutex_;  // all of it
  std::condition_variable_any ended_;
  bool fresh_ = false;  // written, and perhaps not on the disk
  int file_ = -1;
  std::jthread syncing_;
};

// Keeps what it is told, and passes it on.
class TeeRecorder : public MemoryRecorder {
 public:
  void span(const Span& s) override {
    MemoryRecorder::span(s);
    if (other) other->span(s);
  }
  void step(const Step& s) override {
    MemoryRecorder::step(s);
    if (other) other->step(s);
  }
  void check(const Check& c) override {
    MemoryRecorder::check(c);
    if (other) other->check(c);
  }
  void outage(const Outage& o) override {
    MemoryRecorder::outage(o);
    if (other) other->outage(o);
  }
  Recorder* other = nullptr;
};

}  // namespace splitwan::engine
