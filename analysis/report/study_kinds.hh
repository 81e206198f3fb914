// The kinds of study that a report knows: one row each, in a file of its own.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json_file.hh"

namespace splitwan::analysis {

struct StudyKind {
  const char* name;                                 // in the file
  void (*check)(engine::ObjectReader& file);        // throws Error
  engine::Json (*told)(const engine::Json& study);  // heading, title, about, remarks, ..
  std::string (*tables)(const engine::Json& told);  // Markdown
};
extern const StudyKind del_study, systems_study, cascade_study;

// Calls check with each object of the list at `key`.
template <typename Check>
void each_object(engine::ObjectReader& file, const std::string& key, Check check) {
  const engine::Json& list = file.list(key);
  for (std::size_t i = 0; i < list.size(); ++i) {
    engine::ObjectReader in(list[i], fmt::format("{}[{}]", file.path(key), i));
    check(in);
  }
}
void need_entries(engine::ObjectReader& file, const std::string& key);
// At least one, and no two are alike in all of `by`.
void need_distinct(engine::ObjectReader& file, const std::string& key, const std::vector<std::string>& by);

// There and not null.
bool given(engine::ObjectReader&, const std::string& key);
// A number, and under its name with _ci90 two numbers around it.
void need_estimate(engine::ObjectReader&, const std::string& key, double low, double high);
std::string with_interval(const engine::Json& row, const std::string& key, double times, int digits);

// What rows say at `key`, each once, in order.
std::vector<engine::Json> distinct(const engine::Json& rows, const std::string& key);

}  // namespace splitwan::analysis
