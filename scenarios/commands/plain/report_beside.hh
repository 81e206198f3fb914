// Two traces side by side: `report TRACE --beside TRACE`.
#pragma once

#include <string>
#include <vector>

namespace splitwan::scenarios {

struct BesideOptions {
  std::vector<std::string> traces;
  std::string beside, output;
  bool json = false;
};
int run_beside(const BesideOptions&);

}  // namespace splitwan::scenarios
