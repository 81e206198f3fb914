#include "engine/privacy/budget.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "engine/base/json_file.hh"
#include "engine/privacy/accountant.hh"

namespace splitwan::engine {
namespace {

namespace fs = std::filesystem;

// A file descriptor that is closed.
struct File {
  int fd;
  File(const std::string& path, int flags) : fd(open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd < 0) throw Error("{}: {}", path, std::strerror(errno));
  }
  ~File() { close(fd); }
  File(const File&) = delete;
};

double epsilon_of(const BudgetState& s, std::uint64_t rows) {
  if (rows == 0) return 0;
  return Accountant(rows * s.mechanism.row_rounds(), s.mechanism.corner()).epsilon(s.delta);
}

// The bytes, then the name: a crash leaves the old file or the new one.
void store(const std::string& path, const BudgetState& s) {
  const std::string beside = path + ".new", text = to_json(s).dump(1) + "\n";
  {
    const File file(beside, O_WRONLY | O_CREAT | O_TRUNC);
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t n = write(file.fd, text.data() + done, text.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) throw Error("{}: {}", beside, std::strerror(errno));
      done += static_cast<std::size_t>(n);
    }
    if (fsync(file.fd) != 0) throw Error("{}: {}", beside, std::strerror(errno));
  }
  fs::rename(beside, path);
  const fs::path folder = fs::absolute(path).parent_path();
  const File directory(folder.string(), O_RDONLY | O_DIRECTORY);
  fsync(directory.fd);
}

}  // namespace

double BudgetState::spent() const { return epsilon_of(*this, rows); }

std::uint64_t BudgetState::most_rows() const {
  const auto fit = [&](std::uint64_t n) {  // as epsilon_of() <= epsilon, at the cost of one sum
    return Accountant(n * mechanism.row_rounds(), mechanism.corner()).delta(epsilon) <= delta;
  };
  std::uint64_t low = 0, high = 1;
  const std::uint64_t most = most_rounds / mechanism.row_rounds();  // an account can hold
  while (high <= most && fit(high)) low = high, high *= 2;
  high = std::min(high, most + 1);
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (fit(middle) ? low : high) = middle;
  }
  return low;
}

Json to_json(const BudgetState& s) {
  return {{"schema_version", 1},
          {"mechanism", to_json(s.mechanism)},
          {"delta", s.delta},
          {"epsilon", s.epsilon},
          {"rows", s.rows}};
}

BudgetState read_budget(const std::string& path) {
  const Json json = read_json_file(path);
  ObjectReader r(json, path);
  if (r.need<int>("schema_version") != 1)
    throw Error("{}: expected 1, found another", r.path("schema_version"));
  BudgetState s;
  s.mechanism = binomial_spec_of(r.child("mechanism"));
  s.delta = r.number("delta", 0, 1);
  s.epsilon = r.number("epsilon", 0, 1e9);
  s.rows = r.need<std::uint64_t>("rows");
  r.done();
  return s;
}

void create_budget(const std::string& path, const BudgetState& s) {
  check(s.mechanism, path);
  if (fs::exists(path)) throw Error("{}: expected no file yet, found one: a budget is not begun again", path);
  store(path, s);
}

Budget::Budget(std::string path, const BinomialSpec& used) : path_(std::move(path)), most_rows_(0) {
  const BudgetState s = read_budget(path_);
  if (!(s.mechanism == used))
    throw Error("{}: mechanism: expected {}, found {}: their rounds do not add up", path_,
                to_json(used).dump(), to_json(s.mechanism).dump());
  most_rows_ = s.most_rows();
}

void Budget::charge(std::uint64_t rows) {
  const File turn(path_ + ".lock", O_RDWR | O_CREAT);
  while (flock(turn.fd, LOCK_EX) != 0)
    if (errno != EINTR) throw Error("{}.lock: {}", path_, std::strerror(errno));
  BudgetState s = read_budget(path_);
  if (s.rows + rows > most_rows_)
    throw Error(
        "{}: spent: {} rows of {} are charged (epsilon {:.4g} of {:g} at delta {:g}), {} more do not fit; "
        "nothing was sent",
        path_, s.rows, most_rows_, s.spent(), s.epsilon, s.delta, rows);
  s.rows += rows;
  store(path_, s);
}

}  // namespace splitwan::engine
