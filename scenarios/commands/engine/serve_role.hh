// `splitwan serve --role`: one node of a scenario whose tokens are sharded.
#pragma once

#include <string>

namespace splitwan::scenarios {

struct RoleOptions {
  std::string role, scenario, model;  // model: empty = the scenario's
  bool insecure = false, once = false, json = false;
};

// Session after session. Throws Error.
int serve_role(const RoleOptions&);

}  // namespace splitwan::scenarios
