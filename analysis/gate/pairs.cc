#include "analysis/gate/pairs.hh"

#include <algorithm>

namespace splitwan::analysis {
namespace {

template <typename Named>
using Met = std::pair<const Named*, const Named*>;

bool alike(const ScenarioRecord&, const ScenarioRecord&) { return false; }
bool alike(const CellRecord& a, const CellRecord& b) {
  return !a.runs.empty() && !b.runs.empty() && a.runs[0].drafter == b.runs[0].drafter;
}

// By name. What is left over meets where it is one on each side, or as many and alike in their order: cells
// are called after their links and settings, which may be what changed.
template <typename Named>
std::vector<Met<Named>> met_by_name(const std::vector<Named>& before, const std::vector<Named>& now) {
  std::vector<Met<Named>> met;
  std::vector<const Named*> gone;
  std::vector<std::size_t> fresh;
  for (const Named& n : now) {
    const auto same = std::ranges::find(before, n.name, &Named::name);
    if (same == before.end()) fresh.push_back(met.size());
    met.push_back({same == before.end() ? nullptr : &*same, &n});
  }
  for (const Named& b : before)
    if (std::ranges::find(now, b.name, &Named::name) == now.end()) gone.push_back(&b);
  bool meet = gone.size() == fresh.size();
  for (std::size_t i = 0; meet && gone.size() > 1 && i < gone.size(); ++i)
    meet = alike(*gone[i], *met[fresh[i]].second);
  for (std::size_t i = 0; i < gone.size(); ++i)
    if (meet)
      met[fresh[i]].first = gone[i];
    else
      met.push_back({gone[i], nullptr});
  return met;
}

}  // namespace

std::vector<CellPair> pairs_of(const std::vector<ScenarioRecord>& before,
                               const std::vector<ScenarioRecord>& now) {
  static const std::vector<CellRecord> none;
  std::vector<CellPair> pairs;
  for (const auto& [a, b] : met_by_name(before, now))
    for (const auto& [x, y] : met_by_name(a ? a->cells : none, b ? b->cells : none))
      pairs.push_back({a, b, x, y});
  return pairs;
}

std::vector<CellPair> pairs_of(const ScenarioRecord& before, const ScenarioRecord& now) {
  std::vector<CellPair> pairs;
  for (const auto& [x, y] : met_by_name(before.cells, now.cells)) pairs.push_back({&before, &now, x, y});
  return pairs;
}

}  // namespace splitwan::analysis
