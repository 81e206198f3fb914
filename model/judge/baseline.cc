#include "model/judge/baseline.hh"

namespace splitwan::model {

Baseline::Baseline(const std::vector<Observation>& observations) {
  for (const Observation& o : observations) {
    if (o.prefill || !o.crossed()) continue;
    for (Mean* mean : {&constants_[o.drafter], &all_}) {
      mean->sum += o.total_s - o.condition.rtt_s;
      ++mean->count;
    }
  }
}

double Baseline::step_s(const Condition& condition, const std::string& drafter) const {
  const auto known = constants_.find(drafter);
  const Mean& constant = known == constants_.end() ? all_ : known->second;
  return condition.rtt_s + constant.sum / constant.count;
}

}  // namespace splitwan::model
