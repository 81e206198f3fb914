#include "scenarios/gate/instructions_perf.hh"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.hh"
#include "scenarios/jobs/child_run.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

// Asleep in the thread that opens it; the children that it forks wake theirs at exec, and theirs are summed
// here.
class CounterOfChildren {
 public:
  explicit CounterOfChildren(const PerfEvent& event) {
    perf_event_attr attr{};
    attr.size = sizeof attr;
    attr.type = event.type;
    attr.config = event.config;
    attr.disabled = attr.enable_on_exec = attr.inherit = 1;
    attr.exclude_kernel = attr.exclude_hv = event.type == PERF_TYPE_HARDWARE;
    attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    file_ = static_cast<int>(syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
    error_ = errno;
  }
  CounterOfChildren(const CounterOfChildren&) = delete;
  ~CounterOfChildren() {
    if (file_ >= 0) close(file_);
  }
  bool open() const { return file_ >= 0; }
  int error() const { return error_; }

  std::uint64_t count() const {
    struct {
      std::uint64_t value, enabled, running;
    } read_back{};
    if (read(file_, &read_back, sizeof read_back) != sizeof read_back)
      throw Error("perf events: cannot be read: {}", std::strerror(errno));
    if (read_back.running < read_back.enabled)  // others count, too: an estimate is no count
      throw Error("perf events: counted {:.0f} % of the time, expected all of it: the counters are shared",
                  100.0 * static_cast<double>(read_back.running) / static_cast<double>(read_back.enabled));
    return read_back.value;
  }

 private:
  int file_ = -1, error_ = 0;
};

}  // namespace

const PerfEvent hardware_instructions{PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS};

std::string why_perf_cannot_count(const PerfEvent& event) {
  const CounterOfChildren counter(event);
  return counter.open() ? "" : fmt::format("perf events: {}", std::strerror(counter.error()));
}

std::optional<std::uint64_t> perf_count(const std::vector<std::string>& command,
                                        const std::function<bool()>& stop, const PerfEvent& event) {
  const CounterOfChildren counter(event);
  if (!counter.open()) throw Error("perf events: {}", std::strerror(counter.error()));
  ChildOptions options;
  options.stop = stop;
  const ChildResult child = run_child(command, options);
  if (child.stopped) return std::nullopt;
  if (child.exit_code != 0) throw Error("{}: {}", command.at(0), why_failed(child));
  return counter.count();
}

}  // namespace splitwan::scenarios
