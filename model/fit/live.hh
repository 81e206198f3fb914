// Links that nobody stated: which runs shared one, and what it was.
#pragma once

#include "model/fit/closed_form.hh"

namespace splitwan::model {

// For runs whose header states no link: as measured (live_link.hh). Runs of one file whose least round trips
// agree are over one link, for a single run says little of its rates; those of separate files only where
// rates and jitter agree too. Runs without TCP's samples stay as they are, without a round-trip time; links
// that have one are not measured again.
void measure_live_links(std::vector<Observation>&, const std::vector<engine::Run>&);

// Runs observed, their live links measured: what every figure of them is made from.
Study study_of(std::vector<engine::Run>);

// A sentence for each two live links of the same round trip that differ in rate: one may well be the other,
// busier.
std::vector<std::string> links_told_apart(const std::vector<FittedCondition>&);

}  // namespace splitwan::model
