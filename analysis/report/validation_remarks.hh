// What may be said in words of a model's validation: nothing but what was tested and could have failed.
#pragma once

#include "engine/base/json.hh"

namespace splitwan::analysis {

// Sentences for the page and for report.md. Where a test had nothing to compare there is none about it.
engine::Json validation_remarks(const engine::Json& validation);

}  // namespace splitwan::analysis
