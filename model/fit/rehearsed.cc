#include "model/fit/rehearsed.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "engine/party/rehearsal.hh"
#include "engine/wire/wire.hh"

namespace splitwan::model {
namespace {

using engine::Rehearsal;
constexpr double prefix = engine::prefix_size, listed_bytes = sizeof(std::int32_t);

struct Costs {
  double row_bytes = 0;       // on the wire
  double verify_token_s = 0;  // checking a guess that held
};

Costs costs_of(const std::vector<Observation>& steps) {
  std::vector<double> row_bytes, verify_s;
  for (const Observation& o : steps) {
    if (o.prefill || !o.crossed() || o.exchanges.size() != 1 || o.rows < 1) continue;
    row_bytes.push_back((o.exchanges[0].bytes_down - prefix) / o.rows);
    verify_s.push_back(o.verify_s / o.accepted);
  }
  return {engine::median(row_bytes), engine::median(verify_s)};
}

// One prompt's steps, as if they had been traced; `like`: a decode step of the run whose text it is.
void imagine(const Rehearsal& r, const Observation& like, double prompt_rows, const Costs& costs,
             std::vector<Observation>& into) {
  double rows = 0;
  for (const std::uint32_t n : r.rows) rows += n;
  const double listed_per_row = rows > 0 ? static_cast<double>(r.listed) / rows : 0;
  const double draft_s =
      engine::seconds(r.draft) / static_cast<double>(std::max<std::size_t>(1, r.rows.size()));
  // The first request keeps the prompt's last chunk, each other what the step before it gained.
  double context = prompt_rows;
  double kept = prompt_rows - engine::prefill_rows * std::floor((prompt_rows - 1) / engine::prefill_rows);
  for (std::size_t i = 0; i < r.rows.size(); ++i) {
    Observation& o = into.emplace_back();
    o.run = like.run;
    o.drafter = r.drafter;
    o.prompt = like.prompt;
    o.prompt_class = like.prompt_class;
    o.rows = r.rows[i];
    o.context = context;
    o.accepted = r.accepted[i];
    o.bytes_up = prefix + listed_bytes * (kept + listed_per_row * o.rows) + o.rows * costs.row_bytes;
    o.bytes_down = prefix + o.rows * costs.row_bytes;
    o.draft_s = draft_s + costs.verify_token_s * o.accepted;
    kept = o.accepted;
    context += o.accepted;
  }
}

double mean_draft_s(const std::vector<Observation>& steps) {
  double sum = 0;
  std::size_t count = 0;
  for (const Observation& o : steps) {
    if (o.prefill) continue;
    sum += o.draft_s;
    ++count;
  }
  return sum / static_cast<double>(count);
}

}  // namespace

std::vector<DrafterModel> rehearsed_drafters(const std::vector<engine::Run>& runs,
                                             const std::vector<Observation>& steps) {
  const Costs costs = costs_of(steps);
  std::set<std::string> ran;
  for (const Observation& o : steps)
    if (!o.prefill && o.crossed()) ran.insert(o.drafter);
  std::map<std::string, std::vector<Observation>> imagined;
  for (const auto run : by_run(steps)) {
    const Observation& prompt = run.front();
    const auto decode = std::ranges::find_if(run, [](auto& o) { return !o.prefill && o.crossed(); });
    if (!prompt.prefill || decode == run.end()) continue;
    for (const Rehearsal& r :
         engine::rehearsals_of(runs[prompt.run].end, fmt::format("run {}: end", prompt.run))) {
      if (ran.contains(r.drafter) || r.rows.empty()) continue;
      std::vector<Observation>& of_drafter = imagined[r.drafter];
      of_drafter.push_back(prompt);
      of_drafter.back().drafter = r.drafter;
      imagine(r, *decode, prompt.rows, costs, of_drafter);
    }
  }
  std::vector<DrafterModel> models;
  for (const auto& [name, of_drafter] : imagined) {
    models.push_back(describe_drafter(of_drafter));
    models.back().draft_s = mean_draft_s(of_drafter);
  }
  return models;
}

}  // namespace splitwan::model
