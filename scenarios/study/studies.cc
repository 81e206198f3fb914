#include "scenarios/study/studies.hh"

#include "engine/base/error.hh"
#include "scenarios/study/cascade_study.hh"
#include "scenarios/study/del_study.hh"
#include "scenarios/study/systems_study.hh"

namespace splitwan::scenarios {
namespace {

template <auto read, auto run>
std::function<Json(const Json&, const Stop&, const StudyWatch&)> prepared(const Json& scenario,
                                                                          const std::string& file) {
  return [options = read(scenario, file)](const Json& earlier, const Stop& stop, const StudyWatch& watch) {
    return run(options, earlier, stop, watch);
  };
}

constexpr StudyKind kinds[] = {
    {"del", del_study_schema, prepared<read_del_study, run_del_study>, del_tables},
    {"cascade", cascade_study_schema, prepared<read_cascade_study, run_cascade_study>, cascade_tables},
    {"systems", systems_study_schema, prepared<read_systems_study, run_systems_study>, systems_tables},
};

}  // namespace

std::span<const StudyKind> studies() { return kinds; }

const StudyKind& study_of(const Json& scenario, const std::string& file) {
  engine::ObjectReader r(scenario, file);
  const auto name = r.need<std::string>("study");
  std::vector<std::string> known;
  for (const StudyKind& kind : kinds) {
    if (name == kind.name) return kind;
    known.emplace_back(kind.name);
  }
  throw engine::Error("{}: '{}': expected {}", r.path("study"), name, fmt::join(known, " or "));
}

}  // namespace splitwan::scenarios
