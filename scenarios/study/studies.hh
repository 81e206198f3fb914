// Every study: a scenario with the key "study" is one of these.
#pragma once

#include <span>

#include "engine/base/schema.hh"
#include "scenarios/study/study_jobs.hh"

namespace splitwan::scenarios {

struct StudyKind {
  const char* name;
  std::vector<engine::SchemaKey> (*schema)();
  // Reads the scenario, whole, before anything runs. Throws Error naming the file and key.
  std::function<Json(const Json& earlier, const Stop&, const StudyWatch&)> (*prepare)(
      const Json& scenario, const std::string& file);
  std::string (*tables)(const Json& result);
};

std::span<const StudyKind> studies();
const StudyKind& study_of(const Json& scenario,
                          const std::string& file);  // throws Error naming what there is

}  // namespace splitwan::scenarios
