// Which known example something is most like.
#pragma once

#include <string>
#include <vector>

namespace splitwan::analysis {

struct Example {
  std::string label, group;  // examples of one group never vouch for each other
  std::vector<double> features;
};

// Label of the nearest example of another group, each feature scaled to unit spread; "" when there is none.
std::vector<std::string> nearest_labels(const std::vector<Example>&);

// The commonest label among the examples of other groups: what can be said without looking.
std::vector<std::string> commonest_labels(const std::vector<Example>&);

double share_right(const std::vector<Example>&, const std::vector<std::string>& said);

}  // namespace splitwan::analysis
