// What a sweep runs, as a person writes it: a scenario, and how its cells are made. Its keys:
// design_schema().
#pragma once

#include "engine/base/schema.hh"
#include "scenarios/sweep/factor.hh"

namespace splitwan::scenarios {

using engine::SchemaKey;

enum class DesignKind : std::uint8_t { grid, list, random, latin_hypercube };

struct Design {
  std::string file, name;
  std::string scenario;  // its path
  Json set = Json::object();
  DesignKind kind = DesignKind::grid;
  std::vector<Factor> factors;
  std::vector<Json> listed;  // of a list: objects of keys and values
  std::uint64_t count = 0;   // of those that are drawn
  std::uint64_t seed = 1;

  std::vector<std::string> keys() const;  // that its cells set, in the order of the table's columns
};

std::vector<SchemaKey> design_schema();

// Throws Error naming file and key.
Design read_design(const std::string& path);

// {key: value, ..} each, in order: of a grid the last factor fastest. Of random designs the first cells stay
// what they are when count grows; of a Latin hypercube each factor has one value in each of `count` equal
// shares.
std::vector<Json> cells_of(const Design&);

}  // namespace splitwan::scenarios
