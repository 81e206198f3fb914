// The keys that scenario files may hold: a row each, from which files are read, command-line options are made
// and people are told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

struct SchemaKey {
  std::string path;       // "network.rtt"
  std::string type;       // what is expected, with its unit: "time, as in 80ms"
  std::string otherwise;  // the default, as it would be written; "" = must be given; "none" = nothing
  std::string help;
};

template <typename Target>
struct KeyRow {
  SchemaKey about;
  std::function<void(Target&, engine::ObjectReader&, const std::string& key)> read;
};

// Reads every key that has a row. Not yet done(): some objects hold several tables' keys.
template <typename Target>
void read_rows(const std::vector<KeyRow<Target>>& rows, Target& target, engine::ObjectReader& reader) {
  for (const auto& row : rows) row.read(target, reader, row.about.path);
}

inline void append(std::vector<SchemaKey>& list, std::vector<SchemaKey> more,
                   const std::string& prefix = "") {
  for (SchemaKey& key : more) {
    key.path = prefix + key.path;
    list.push_back(std::move(key));
  }
}

template <typename Row>
std::vector<SchemaKey> keys_of(const std::vector<Row>& rows) {
  std::vector<SchemaKey> list;
  for (const auto& row : rows) list.push_back(row.about);
  return list;
}

}  // namespace splitwan::scenarios
