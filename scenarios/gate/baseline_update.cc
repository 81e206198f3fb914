#include "scenarios/gate/baseline_update.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;
using analysis::ScenarioRecord;
using engine::Json;

// Of its folder, for the file itself is replaced.
class Turn {
 public:
  explicit Turn(const std::string& path) {
    const fs::path folder = fs::absolute(path).parent_path();
    fd_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd_ < 0) throw engine::Error("{}: {}", folder.string(), std::strerror(errno));
    while (flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  Turn(const Turn&) = delete;
  ~Turn() { close(fd_); }

 private:
  int fd_;
};

bool same_runs(const ScenarioRecord& a, const ScenarioRecord& b) {
  if (a.settings != b.settings || a.cells.size() != b.cells.size()) return false;
  for (std::size_t i = 0; i < a.cells.size(); ++i)
    if (a.cells[i].name != b.cells[i].name || a.cells[i].runs != b.cells[i].runs) return false;
  return true;
}

// Instruction sets of both, where all else is the same.
ScenarioRecord joined(const ScenarioRecord& old, ScenarioRecord now) {
  const char* key = "instruction_sets";
  if (!old.fingerprint.contains(key) || !now.fingerprint.contains(key)) return now;
  Json before = old.fingerprint, after = now.fingerprint;
  before.erase(key), after.erase(key);
  if (before != after || !same_runs(old, now)) return now;
  std::set<std::string> sets;
  for (const ScenarioRecord* record : {&old, static_cast<const ScenarioRecord*>(&now)})
    for (const Json& set : record->fingerprint[key]) sets.insert(set.get<std::string>());
  now.fingerprint[key] = sets;
  return now;
}

}  // namespace

void update_baseline(const std::string& path, const std::vector<ScenarioRecord>& records) {
  const Turn turn(path);
  analysis::Baseline baseline;
  if (fs::exists(path)) baseline = analysis::read_baseline(path);
  for (const ScenarioRecord& record : records) {
    const ScenarioRecord* old = baseline.find(record.name);
    baseline.put(old ? joined(*old, record) : record);
  }
  engine::write_file(path, analysis::text_of(baseline));
}

}  // namespace splitwan::scenarios
