// `splitwan serve` as another process, and what it holds.
#pragma once

#include <string>
#include <vector>

#include "tests/denying/raw.hh"

namespace splitwan::denying {

struct Surroundings {
  int most_descriptors = 0;  // 0: as they are
  bool log_disk_is_full = false;
  std::string log = {};  // "" = nowhere
};

class ServerProcess {
 public:
  // Layers 2:10 of the demo model. Throws Error when it does not listen within a minute.
  ServerProcess(const std::string& source, const std::vector<std::string>& options, Surroundings = {});
  ~ServerProcess();
  const Target& target() const { return target_; }
  bool lives() const;
  double resident_bytes() const;
  int descriptors() const;

 private:
  Target target_;
};

}  // namespace splitwan::denying
