// What may be said in words of a model's validation: nothing but what was tested and could have failed.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::analysis {

// A sentence for each simpler formula (model/judge/baseline.hh) that does as well as the model on what was
// held out: its worst error of a step is no larger, or neither median nor worst differ by a thousandth of the
// step.
std::vector<std::string> simpler_as_good(const engine::Json& validation);

// Sentences for the page and for report.md. Where a test had nothing to compare there is none about it.
engine::Json validation_remarks(const engine::Json& validation);

}  // namespace splitwan::analysis
