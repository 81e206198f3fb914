// Ways to keep a server from its clients. Each goes on until it is killed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/denying/raw.hh"

namespace splitwan::denying {

struct Attack {
  std::string name;
  std::function<void(const Target&)> run;
};
std::vector<Attack> attacks();

}  // namespace splitwan::denying
