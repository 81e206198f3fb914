// The keys that a JSON file of ours may hold: a row each, from which files are read, command-line options are
// made and people are told.
#pragma once

#include <fmt/ranges.h>

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/base/json_file.hh"

namespace splitwan::engine {

struct SchemaKey {
  std::string path;       // "network.rtt"
  std::string type;       // what is expected, with its unit: "time, as in 80ms"
  std::string otherwise;  // the default, as it would be written; "" = must be given; "none" = nothing
  std::string help;
};

template <typename Target>
struct KeyRow {
  SchemaKey about;
  std::function<void(Target&, ObjectReader&, const std::string& key)> read;
};

// Reads every key that has a row. Not yet done(): some objects hold several tables' keys.
template <typename Target>
void read_rows(const std::vector<KeyRow<Target>>& rows, Target& target, ObjectReader& reader) {
  for (const auto& row : rows) row.read(target, reader, row.about.path);
}

// An object that holds one table's keys and no other.
template <typename Target>
void read_object(const std::vector<KeyRow<Target>>& rows, Target& target, const Json& object,
                 const std::string& where) {
  ObjectReader reader(object, where);
  read_rows(rows, target, reader);
  reader.done();
}

// A number within bounds, a member of Target or of what it derives from, where its default stands.
template <typename Target, typename Owner, typename T>
KeyRow<Target> number_row(const char* key, const std::string& unit, T Owner::*member,
                          std::type_identity_t<T> least, std::type_identity_t<T> most, const char* help) {
  const Owner usual;
  return {{key, fmt::format("{}, {} to {}", unit, least, most), fmt::format("{}", usual.*member), help},
          [=](Target& target, ObjectReader& reader, const std::string& name) {
            T& into = target.*member;
            into = reader.get(name, into);
            if (!(into >= least && into <= most))
              throw Error("{}: expected {} to {}, found {}", reader.path(name), least, most, into);
          }};
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
  list.reserve(rows.size());
  for (const auto& row : rows) list.push_back(row.about);
  return list;
}

}  // namespace splitwan::engine
