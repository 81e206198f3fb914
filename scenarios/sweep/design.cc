#include "scenarios/sweep/design.hh"

#include <algorithm>
#include <filesystem>

#include "scenarios/read/read_link.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
namespace fs = std::filesystem;

constexpr std::uint64_t most_cells = 1'000'000;

struct DesignName {
  const char* name;
  DesignKind kind;
  bool factors, ranges, cells, count;  // what it has
};
constexpr DesignName design_names[] = {
    {"grid", DesignKind::grid, true, false, false, false},
    {"list", DesignKind::list, false, false, true, false},
    {"random", DesignKind::random, true, true, false, true},
    {"latin-hypercube", DesignKind::latin_hypercube, true, true, false, true}};

const DesignName& row_of(DesignKind kind) { return design_names[static_cast<int>(kind)]; }

Factor read_factor(const std::string& key, const Json& values, const std::string& where, bool ranges) {
  if (values.is_object() && ranges) return {key, {}, FactorRange(values, where)};
  if (!values.is_array() || values.empty())
    throw Error("{}: expected a list of values{}", where, ranges ? ", or {from, to, scale}" : "");
  return {key, {values.begin(), values.end()}, {}};
}

const Json& object_at(ObjectReader& r, const std::string& key) {
  const Json& value = r.at(key);
  if (!value.is_object()) throw Error("{}: expected an object of keys and values", r.path(key));
  return value;
}

using Row = engine::KeyRow<Design>;
const std::vector<Row>& design_rows() {
  static const std::vector<Row> rows = {
      {{"name", "text", "the file's name", "of the sweep"},
       [](Design& d, ObjectReader& r, const std::string& key) { d.name = r.get(key, d.name); }},
      {{"note", "text", "none", "for people"},
       [](Design&, ObjectReader& r, const std::string& key) { r.get<std::string>(key, ""); }},
      {{"scenario", "file", "", "a replay, or one that runs a model; its own sweep is left out"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         d.scenario = beside(fs::path(d.file).parent_path().string(), r.need<std::string>(key));
       }},
      {{"set", "object of keys and values", "none", "of the scenario, the same in every cell"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         if (r.find(key)) d.set = object_at(r, key);
       }},
      {{"design", "grid, list, random or latin-hypercube", "grid",
        "every combination, the cells as listed, draws, or draws of which each factor has one in each of "
        "count equal shares"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         const auto name = r.get<std::string>(key, "grid");
         const auto* row = std::ranges::find(design_names, name, [](auto& n) { return std::string(n.name); });
         if (row == std::end(design_names))
           throw Error("{}: expected grid, list, random or latin-hypercube, found '{}'", r.path(key), name);
         d.kind = row->kind;
       }},
      {{"factors", "object of lists; where drawn also of {from, to, scale}", "none",
        "a scenario's key and its values; scale: linear or log; but for lists"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         if (!row_of(d.kind).factors) return;
         for (const auto& [name, values] : object_at(r, key).items())
           d.factors.push_back(read_factor(name, values, r.path(key) + ": " + name, row_of(d.kind).ranges));
         if (d.factors.empty()) throw Error("{}: expected a key and its values, found none", r.path(key));
       }},
      {{"cells", "list of objects of keys and values", "none", "of a list, one each"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         if (!row_of(d.kind).cells) return;
         for (const Json& cell : r.list(key)) {
           if (!cell.is_object())
             throw Error("{}: expected objects of keys and values, found {}", r.path(key), cell.dump());
           d.listed.push_back(cell);
         }
         if (d.listed.empty()) throw Error("{}: the list is empty", r.path(key));
       }},
      {{"count", fmt::format("whole number, 1 to {}", most_cells), "none", "of cells that are drawn"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         if (row_of(d.kind).count) d.count = r.whole<std::uint64_t>(key, 1, most_cells);
       }},
      {{"seed", "whole number", "1", "of what is drawn"},
       [](Design& d, ObjectReader& r, const std::string& key) {
         if (row_of(d.kind).count) d.seed = r.get(key, d.seed);
       }},
  };
  return rows;
}

// One within another would depend on which is set first.
void check_apart(const Design& d) {
  std::vector<std::string> keys = d.keys();
  for (const auto& [key, value] : d.set.items()) keys.push_back(key);
  for (const std::string& key : keys)
    for (const char* ours : {"sweep", "summary", "study", "validate", "name", "note"})
      if (key == ours || key.starts_with(std::string(ours) + "."))
        throw Error("{}: '{}' is no key that a sweep may set", d.file, key);
  for (std::size_t i = 0; i < keys.size(); ++i)
    for (std::size_t j = 0; j < keys.size(); ++j)
      if (i != j && (keys[i] == keys[j] ? i < j : keys[j].starts_with(keys[i] + ".")))
        throw Error("{}: '{}' and '{}': expected keys of which none holds another", d.file, keys[i], keys[j]);
}

}  // namespace

std::vector<SchemaKey> design_schema() { return engine::keys_of(design_rows()); }

std::vector<std::string> Design::keys() const {
  std::vector<std::string> keys;
  for (const Factor& factor : factors) keys.push_back(factor.key);
  for (const Json& cell : listed)
    for (const auto& [key, value] : cell.items())
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  return keys;
}

Design read_design(const std::string& path) {
  const Json json = engine::read_json_file(path);
  Design d;
  d.file = path;
  d.name = fs::path(path).stem().string();
  ObjectReader r(json, path);
  engine::read_rows(design_rows(), d, r);
  for (const auto& [key, has] :
       {std::pair("factors", row_of(d.kind).factors), std::pair("cells", row_of(d.kind).cells),
        std::pair("count", row_of(d.kind).count), std::pair("seed", row_of(d.kind).count)})
    if (!has && r.find(key)) throw Error("{}: a {} has none", r.path(key), row_of(d.kind).name);
  r.done();
  check_apart(d);
  std::uint64_t cells = 1;
  for (const Factor& factor : d.factors)
    if (d.kind == DesignKind::grid && (cells *= factor.levels.size()) > most_cells)
      throw Error("{}: factors: more than {} cells", path, most_cells);
  return d;
}

}  // namespace splitwan::scenarios
