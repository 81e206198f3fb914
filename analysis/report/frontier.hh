// A study of DEL (`splitwan run scenarios/del.json -o`), arranged for people: the Frontier section of a
// report.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::analysis {

// Throws Error naming the file, the key and what was expected there.
engine::Json read_del_study(const std::string& path);

// {name, mode, partial, clean, cells, baselines, calibrated, remarks}: the file's, each cell with `best`: no
// other has less found, a lower perplexity and fewer bits, or two of them and the third alike.
engine::Json frontier_data(const engine::Json& study);

}  // namespace splitwan::analysis
