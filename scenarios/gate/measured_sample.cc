#include "scenarios/gate/measured_sample.hh"

#include <chrono>
#include <set>
#include <tuple>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"

namespace splitwan::scenarios {

ComputeSample compute_sample(const std::vector<engine::Run>& runs, const std::string& where) {
  using Alike = std::tuple<std::string, engine::PartyId, engine::Phase, std::uint32_t>;
  std::map<Alike, std::vector<double>> jobs;
  ComputeSample found;
  for (const engine::Run& run : runs) {
    std::set<std::uint64_t> decoding;
    for (const engine::Step& step : run.steps) {
      if (step.prefill) continue;
      decoding.insert(step.step);
      found.tokens += step.accepted;
    }
    for (const engine::Span& span : run.spans) {
      if (span.op != engine::Op::work || !decoding.contains(span.step)) continue;
      jobs[{run.header.drafter, span.party, span.phase, span.rows}].push_back(
          std::chrono::duration<double>(span.end - span.begin).count());
      ++found.jobs;
    }
  }
  for (auto& [alike, took] : jobs) {
    const auto times = static_cast<double>(took.size());
    found.phases[std::get<engine::Phase>(alike)] += times * engine::quantile(std::move(took), 0.1);
  }
  if (found.tokens == 0) throw engine::Error("{}: decodes nothing that could be measured", where);
  for (auto& [phase, seconds] : found.phases) {
    seconds /= static_cast<double>(found.tokens);
    found.per_token_s += seconds;
  }
  if (found.per_token_s <= 0) throw engine::Error("{}: computes nothing that could be measured", where);
  return found;
}

}  // namespace splitwan::scenarios
