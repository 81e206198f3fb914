// Links that nobody stated: which runs shared one, and what it was.
#pragma once

#include "model/fit/closed_form.hh"

namespace splitwan::model {

// For runs whose header states no link: as measured (live_link.hh). Runs of one file whose least round trips
// agree are over one link, for a single run says little of its rates; those of separate files only where
// rates and jitter agree too. Throws Error naming the run that crosses a network and has neither a statement
// nor samples.
void measure_live_links(std::vector<Observation>&, const std::vector<engine::Run>&);

// A sentence for each two live links of the same round trip that differ in rate: one may well be the other,
// busier.
std::vector<std::string> links_told_apart(const std::vector<FittedCondition>&);

}  // namespace splitwan::model
