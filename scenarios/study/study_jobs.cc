#include "scenarios/study/study_jobs.hh"

#include <algorithm>

#include "analysis/attacks/exam/stop.hh"

namespace splitwan::scenarios {
namespace {

const Json* known_row(const Json& earlier, const Json& scenario, const StudyJob& job) {
  if (!earlier.is_object() || earlier.value("scenario", Json()) != scenario || !earlier.contains(job.list))
    return nullptr;
  for (const Json& row : earlier[job.list])
    if (std::ranges::all_of(job.key.items(),
                            [&](const auto& item) { return row.value(item.key(), Json()) == item.value(); }))
      return &row;
  return nullptr;
}

}  // namespace

Json run_jobs(Json result, const std::vector<StudyJob>& jobs, const Json& earlier, const StudyWatch& watch) {
  std::size_t done = 0;
  result["partial"] = false;
  try {
    for (const StudyJob& job : jobs) {
      watch(done++, jobs.size(), job.list + " " + job.key.dump());
      const Json* known = known_row(earlier, result["scenario"], job);
      result[job.list].push_back(known ? *known : job.make());
    }
  } catch (const attacks::Stopped&) {
    result["partial"] = true;
  }
  return result;
}

}  // namespace splitwan::scenarios
