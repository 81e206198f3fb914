// A study's rows: each is made once, and an interrupted study goes on where it was.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

using engine::Json;
using Stop = std::function<bool()>;
using StudyWatch = std::function<void(std::size_t done, std::size_t total, const std::string&)>;

// One row of the result: what it is, and how it comes about.
struct StudyJob {
  std::string list;  // of the result: "cells"
  Json key;          // by which an earlier result's row is known again
  std::function<Json()> make;
};

// `result` with a row for each job in its lists; rows that `earlier`, a result of the same "scenario", has
// are taken from there. "partial" becomes true where a job throws attacks::Stopped.
Json run_jobs(Json result, const std::vector<StudyJob>&, const Json& earlier, const StudyWatch&);

}  // namespace splitwan::scenarios
