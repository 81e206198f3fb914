// The result of a study (`splitwan run scenarios/del.json -o` and its like), arranged for people: a section
// of a report.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::analysis {

// Throws Error naming the file, the key and what was expected there.
engine::Json read_study(const std::string& path);

// {schema_version, study (which kind), name, partial, commit, machine, heading, title and about (of a page
// about it alone), remarks, ..}: the rest is what page/study_KIND.js draws, told in study_KIND.cc.
engine::Json studied_data(const engine::Json& study);

}  // namespace splitwan::analysis
