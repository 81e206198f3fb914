// A gate as a test report: Jenkins, GitLab, and what else reads JUnit's XML.
#pragma once

#include <ctime>

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

// A suite per scenario, a case per cell and metric: `regressed` is a failure, `inconclusive` is skipped, with
// what the row says; what else differs, and the result's notes, are a suite's output.
std::string junit_xml(const GateResult&, std::time_t when);

std::string junit_xml(const GateResult&);  // now; SOURCE_DATE_EPOCH where that is set

}  // namespace splitwan::analysis
