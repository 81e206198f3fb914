// What a cell's runs amount to: flat rows of figures.
#pragma once

#include "engine/base/json.hh"
#include "model/observe/observation.hh"

namespace splitwan::scenarios {

using engine::Json;

// A row per drafter: the fields of the decoding summary, those within others joined by dots ("plan.head"); of
// sharded tokens those of the cascade summary under "cascade.", the mean of the drafter's runs; of a privacy
// mechanism what its runs spent under "privacy.". Paths in it are from `folder`.
Json rows_of(const model::Study&, const std::string& folder);

}  // namespace splitwan::scenarios
