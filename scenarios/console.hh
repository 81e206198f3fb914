// Progress on stderr: a redrawn line on a terminal, nothing elsewhere.
#pragma once

#include <string>

namespace splitwan::scenarios {

class Progress {
 public:
  Progress();
  ~Progress();  // clears the line
  void show(std::size_t done, std::size_t total, const std::string& what);

 private:
  bool terminal_;
};

}  // namespace splitwan::scenarios
