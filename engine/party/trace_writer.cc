#include "engine/party/trace_writer.hh"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace splitwan::engine {

namespace fs = std::filesystem;

// A step's spans and the step itself go to the file together, with one call.
class TraceWriter::Live : public Recorder {
 public:
  Live(TraceWriter& writer, std::uint64_t run) : writer_(writer), run_(run) {}
  void span(const Span& s) override { lines_ += line_of(s, run_) + "\n"; }
  void step(const Step& s) override { put(line_of(s, run_)); }
  // The last ones, it may be.
  void check(const Check& c) override { put(line_of(c, run_)); }
  void outage(const Outage& o) override { put(line_of(o, run_)); }
  std::string take() { return std::exchange(lines_, {}); }

 private:
  void put(const std::string& line) {
    lines_ += line + "\n";
    const std::lock_guard lock(writer_.mutex_);
    writer_.put(take());
  }
  TraceWriter& writer_;
  std::uint64_t run_;
  std::string lines_;
};

TraceWriter::TraceWriter(std::string path) : path_(std::move(path)) {
  if (path_.empty() || path_ == "-") return;
  std::error_code ignored;
  const fs::file_status there = fs::status(path_, ignored);
  keeps_ = !fs::exists(there) || fs::is_regular_file(there);
  if (keeps_ && fs::exists(fs::symlink_status(path_ + ".partial", ignored))) earlier_ = path_ + ".partial";
}

TraceWriter::~TraceWriter() {
  syncing_ = {};  // joined
  if (file_ < 0) return;
  fdatasync(file_);
  close(file_);
}

void TraceWriter::open() {
  std::string name = path_ + ".partial";
  for (int next = 2; (file_ = open_new(name, 0600)) < 0 && errno == EEXIST; ++next)
    name = fmt::format("{}.partial.{}", path_, next);
  if (file_ < 0) throw Error("{}: cannot be written: {}", name, std::strerror(errno));
  partial_ = name;
  unfinished_.emplace(partial_);
  unfinished_->keep(fmt::format("splitwan: ended by a signal: what was done until then is kept in {}", name));
  try {
    syncing_ = std::jthread([this](const std::stop_token& stop) { sync_each_second(stop); });
  } catch (const std::system_error&) {  // no thread is left: only a loss of power would be noticed
  }
}

void TraceWriter::put(std::string_view lines) {
  if (file_ < 0) {
    open();
    write_all(file_, partial_trace_line, partial_);
  }
  write_all(file_, lines, partial_);
  fresh_ = true;
}

void TraceWriter::sync_each_second(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    ended_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    if (!std::exchange(fresh_, false)) continue;
    lock.unlock();  // the disk may take its time, the runs go on
    fdatasync(file_);
    lock.lock();
  }
}

Recorder* TraceWriter::begin(RunHeader header) {
  if (!keeps_) return nullptr;
  const std::lock_guard lock(mutex_);
  header.run = runs_;
  live_ = std::make_unique<Live>(*this, header.run);
  put(to_json(header).dump() + "\n");
  return live_.get();
}

void TraceWriter::add(const Run& run) {
  if (!keeps_) return;
  const std::lock_guard lock(mutex_);
  std::ostringstream lines;
  if (live_)
    lines << live_->take() << run.end.dump() << '\n';
  else
    write(lines, run);
  live_.reset();
  ++runs_;
  put(lines.str());
}

void TraceWriter::finish(const std::vector<Run>& runs) {
  if (path_.empty()) return;
  std::ostringstream lines;
  for (const Run& run : runs) write(lines, run);
  write_file(path_, lines.str(), Readers::owner);
  drop();
}

void TraceWriter::drop() {
  syncing_ = {};
  if (partial_.empty()) return;
  unlink(partial_.c_str());
  unfinished_.reset();
  partial_.clear();
}

}  // namespace splitwan::engine
