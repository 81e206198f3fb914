#include "netsim/time/cost_source.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "engine/base/error.hh"

namespace splitwan::netsim {
namespace {

struct Recording {
  std::vector<engine::Span> jobs;
  std::size_t next = 0;
};

}  // namespace

CostSource measured_cost() {
  return [](PartyId, const engine::Work&, Nanos measured) { return measured; };
}

CostSource reference_cost(const Rates& rates) {
  return [rates](PartyId, const engine::Work& work, Nanos) {
    const double seconds = std::max(work.flops / rates.flops, work.bytes / rates.bytes_per_s);
    return rates.per_job + Nanos(std::llround(seconds * 1e9));
  };
}

CostSource recorded_cost(const engine::Run& run, const std::string& source_name) {
  const auto parties = std::make_shared<std::map<PartyId, Recording>>();
  for (const engine::Span& span : run.spans) {
    if (span.op == engine::Op::work) (*parties)[span.party].jobs.push_back(span);
  }
  return [parties, source_name](PartyId party, const engine::Work& work, Nanos) {
    Recording& recording = (*parties)[party];
    if (recording.next == recording.jobs.size()) {
      throw engine::Error("{}: party {} has {} recorded jobs, this run asks for more", source_name, party,
                          recording.jobs.size());
    }
    const engine::Span& job = recording.jobs[recording.next++];
    if (job.phase != work.phase || job.rows != work.rows || job.context != work.context) {
      throw engine::Error(
          "{}: party {} step {}: recorded {} of {} rows at {} tokens, this run does {} of {} at {}",
          source_name, party, job.step, name_of(job.phase), job.rows, job.context, name_of(work.phase),
          work.rows, work.context);
    }
    return job.end - job.begin;
  };
}

}  // namespace splitwan::netsim
