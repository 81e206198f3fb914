#include "model/observe/source.hh"

#include <set>

#include "engine/base/error.hh"

namespace splitwan::model {
namespace {

std::string shorten(const Json& value) {
  const std::string text = value.dump();
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// Of two objects the first member that differs says more than the whole.
void refuse(std::size_t first, std::size_t other, std::string key, Json a, Json b) {
  while (a.is_object() && b.is_object()) {
    std::string inner;
    for (const auto& [name, value] : a.items()) {
      if (inner.empty() && b.value(name, Json()) != value) inner = name;
    }
    for (const auto& [name, value] : b.items()) {
      if (inner.empty() && !a.contains(name)) inner = name;
    }
    if (inner.empty()) break;
    key += "." + inner;
    a = Json(a.value(inner, Json()));
    b = Json(b.value(inner, Json()));
  }
  throw engine::Error("runs {} and {} differ in '{}' ({}, {}): fit a model for each", first, other, key,
                      shorten(a), shorten(b));
}

}  // namespace

void expect_one_system(const std::vector<engine::Run>& runs, std::size_t first, std::size_t other,
                       bool any_wire) {
  const Json expected = system_of(runs[first].header), found = system_of(runs[other].header);
  for (const Json* of : {&expected, &found}) {
    for (const auto& [key, value] : of->items()) {
      if (any_wire && key == "wire") continue;
      if (expected.value(key, Json()) != found.value(key, Json()))
        refuse(first, other, key, expected.value(key, Json()), found.value(key, Json()));
    }
  }
}

Json common_source(const std::vector<engine::Run>& runs, const std::vector<Observation>& observations,
                   bool any_wire) {
  std::set<std::size_t> crossing;
  for (const Observation& o : observations) {
    if (o.crossed()) crossing.insert(o.run);
  }
  if (crossing.empty()) return Json::object();
  const std::size_t first = *crossing.begin();
  for (const std::size_t i : crossing) expect_one_system(runs, first, i, any_wire);
  return source_of(runs[first].header);
}

}  // namespace splitwan::model
