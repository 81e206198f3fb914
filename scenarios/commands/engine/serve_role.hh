// `splitwan serve --role`: one node of a scenario whose tokens are sharded.
#pragma once

#include <string>

#include "scenarios/read/scenario.hh"

namespace splitwan::scenarios {

struct RoleOptions {
  std::string role, scenario, model;  // model: empty = the scenario's
  bool insecure = false, once = false, json = false;
};

// The one that this file holds, with its nodes' addresses. Throws Error where there are none.
Scenario sharded_scenario(const std::string& file);

// Session after session. Throws Error.
int serve_role(const RoleOptions&);

}  // namespace splitwan::scenarios
