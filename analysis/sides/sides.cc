#include "analysis/sides/sides.hh"

#include <algorithm>
#include <map>
#include <set>

#include "analysis/gate/difference.hh"
#include "analysis/gate/pairs.hh"
#include "analysis/gate/records.hh"
#include "analysis/sides/strips.hh"

namespace splitwan::analysis {
namespace {

using engine::PartyId;

// The mean decode step: the client's own work, that of the busiest other party, and what neither fills.
Json mean_step(const CellRecord& cell) {
  double steps = 0, total_s = 0, client_s = 0, others_s = 0, wait_s = 0;
  for (const RunRecord& run : cell.runs) {
    for (const StepRecord& step : run.steps) {
      if (step.is_session() || step.prefill) continue;
      std::map<PartyId, double> by_party;
      for (const WorkRecord& w : step.work) by_party[w.party] += engine::seconds(w.took);
      double own = 0, busiest = 0;
      for (const auto& [party, s] : by_party)
        (party == 0 ? own : busiest) = party == 0 ? s : std::max(busiest, s);
      ++steps;
      total_s += engine::seconds(step.took);
      client_s += own;
      others_s += busiest;
      wait_s += std::max(0.0, engine::seconds(step.took) - own - busiest);  // they may work at once
    }
  }
  const auto mean = [&](double sum) { return steps > 0 ? Json(sum / steps) : Json(); };
  return {{"steps", steps},
          {"client_s", mean(client_s)},
          {"others_s", mean(others_s)},
          {"wait_s", mean(wait_s)},
          {"total_s", mean(total_s)}};
}

Json metrics_told(const CellRecord* before, const CellRecord* now) {
  Json list = Json::array();
  const auto value = [](const CellRecord* cell, const char* name) {
    const auto found = cell ? cell->metrics.find(name) : std::map<std::string, double>::const_iterator();
    return cell && found != cell->metrics.end() ? Json(found->second) : Json();
  };
  for (const Metric& metric : gate_metrics()) {
    const Json a = value(before, metric.name), b = value(now, metric.name);
    if (a.is_null() && b.is_null()) continue;
    const bool both = a.is_number() && b.is_number() && a != 0;
    list.push_back({{"metric", metric.name},
                    {"unit", metric.unit},
                    {"higher_is_better", metric.higher_is_better},
                    {"before", a},
                    {"now", b},
                    {"change", both ? Json(b.get<double>() / a.get<double>() - 1) : Json()}});
  }
  return list;
}

// Steps of a run, column by column.
Json curve_of(const RunRecord& run) {
  Json curve = {{"step", Json::array()},
                {"end_s", Json::array()},
                {"took_s", Json::array()},
                {"tokens", Json::array()}};
  for (const StepRecord& step : run.steps) {
    if (step.is_session()) continue;
    curve["step"].push_back(step.step);
    curve["end_s"].push_back(engine::seconds(step.begin + step.took));
    curve["took_s"].push_back(engine::seconds(step.took));
    curve["tokens"].push_back(step.accepted);
  }
  return curve;
}

Json curves_of(const CellRecord* before, const CellRecord* now) {
  Json runs = Json::array();
  const std::size_t count = std::max(before ? before->runs.size() : 0, now ? now->runs.size() : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const auto run = [&](const CellRecord* cell) {
      return cell && i < cell->runs.size() ? &cell->runs[i] : nullptr;
    };
    const RunRecord *a = run(before), *b = run(now);
    runs.push_back({{"prompt", (b ? b : a)->prompt},
                    {"before", a ? curve_of(*a) : Json()},
                    {"now", b ? curve_of(*b) : Json()}});
  }
  return runs;
}

CellRecord all_grouped(CellRecord cell) {
  for (RunRecord& run : cell.runs) run = grouped(std::move(run));
  return cell;
}

const StepRecord* step_of(const RunRecord& run, std::uint64_t number) {
  const auto found = std::ranges::find(run.steps, number, &StepRecord::step);
  return found == run.steps.end() ? nullptr : &*found;
}

struct Place {
  std::size_t run = 0;
  std::uint64_t step = 0;
  bool operator==(const Place&) const = default;
};

// Of cells whose steps are grouped: of those that both have, the one whose time changed most.
std::optional<Place> dearest_step(const CellRecord& before, const CellRecord& now) {
  std::optional<Place> dearest;
  Nanos most{};
  for (std::size_t i = 0; i < std::min(before.runs.size(), now.runs.size()); ++i)
    for (const StepRecord& b : now.runs[i].steps) {
      const StepRecord* a = !b.is_session() ? step_of(before.runs[i], b.step) : nullptr;
      const Nanos change = a ? std::chrono::abs(b.took - a->took) : Nanos(0);
      if (change <= most) continue;
      most = change;
      dearest = {i, b.step};
    }
  return dearest;
}

// The step that differs first, and the one whose time changed most; once where they are one.
Json strips_told(const CellPair& pair, const CellRecord& before, const CellRecord& now, const Difference& d) {
  Json strips = Json::array();
  std::vector<Place> told;
  const auto tell = [&](const std::optional<Place>& place, const char* why) {
    if (!place || std::ranges::find(told, *place) != told.end()) return;
    if (place->run >= pair.before->runs.size() || place->run >= pair.now->runs.size()) return;
    const RunRecord& run = pair.now->runs[place->run];
    const StepRecord *was = step_of(pair.before->runs[place->run], place->step),
                     *is = step_of(run, place->step);
    if (!was || !is) return;
    told.push_back(*place);
    Json strip = {{"why", why}, {"run", place->run}, {"prompt", run.prompt}, {"step", place->step}};
    strip.update(strips_of(*was, *is));
    strips.push_back(std::move(strip));
  };
  tell(Place{d.run, d.step}, "first");
  tell(dearest_step(before, now), "time changed most");
  return strips;
}

std::size_t parties_in(const CellRecord* before, const CellRecord* now) {
  std::set<PartyId> seen{0};
  for (const CellRecord* cell : {before, now}) {
    if (!cell) continue;
    for (const RunRecord& run : cell->runs)
      for (const StepRecord& step : run.steps)
        for (const MessageRecord& m : step.messages) seen.insert({m.from, m.to});
  }
  return seen.size();
}

void tell_difference(Json& told, const CellPair& pair) {
  const CellRecord a = all_grouped(*pair.before), b = all_grouped(*pair.now);
  told["settings"] = settings_changed(pair.scenario_before->settings, pair.scenario_now->settings);
  const auto difference = first_difference(a, b);
  if (!difference) return;
  told["same"] = false;
  told["first"] = {{"run", difference->run},   {"prompt", difference->prompt}, {"step", difference->step},
                   {"what", difference->what}, {"reason", difference->reason}, {"before", difference->before},
                   {"now", difference->now}};
  told["cost"] = cost_of(totals_of(a), totals_of(b));
  told["totals"] = {{"before", to_json(totals_of(a))}, {"now", to_json(totals_of(b))}};
  told["strips"] = strips_told(pair, a, b, *difference);
}

Json cell_told(const CellPair& pair) {
  const bool both = pair.before && pair.now;
  const ScenarioRecord& scenario = pair.now ? *pair.scenario_now : *pair.scenario_before;
  const CellRecord& cell = pair.now ? *pair.now : *pair.before;
  Json told = {{"scenario", scenario.name},
               {"cell", cell.name},
               {"beside", Json()},
               {"only", both ? Json() : Json(pair.now ? "now" : "before")},
               {"same", both},
               {"parties", parties_in(pair.before, pair.now)},
               {"metrics", metrics_told(pair.before, pair.now)},
               {"step",
                {{"before", pair.before ? mean_step(*pair.before) : Json()},
                 {"now", pair.now ? mean_step(*pair.now) : Json()}}},
               {"first", Json()},
               {"cost", Json()},
               {"totals", Json()},
               {"settings", Json::array()},
               {"runs", curves_of(pair.before, pair.now)},
               {"strips", Json::array()}};
  if (both && (pair.before->name != pair.now->name || pair.scenario_before->name != pair.scenario_now->name))
    told["beside"] = pair.scenario_before->name == pair.scenario_now->name
                         ? pair.before->name
                         : pair.scenario_before->name + ": " + pair.before->name;
  if (both) tell_difference(told, pair);
  return told;
}

}  // namespace

Json sides_data(const std::vector<ScenarioRecord>& before, const std::vector<ScenarioRecord>& now,
                const GateResult* verdicts) {
  const Json gate = verdicts ? to_json(*verdicts) : Json();
  Json data = {{"schema_version", 1},
               {"kind", "sides"},
               {"names", {{"before", "before"}, {"now", "now"}}},
               {"same", true},
               {"verdict", verdicts ? gate["verdict"] : Json()},
               {"verdicts", verdicts ? gate["cells"] : Json::array()},
               {"notes", verdicts ? gate["notes"] : Json::array()},
               {"cells", Json::array()}};
  for (const CellPair& pair : pairs_of(before, now)) {
    data["cells"].push_back(cell_told(pair));
    if (data["cells"].back()["same"] == false) data["same"] = false;
  }
  if (data["cells"].empty()) throw engine::Error("side by side: expected at least one run, found none");
  return data;
}

Json without_drawings(Json data) {
  for (Json& cell : data["cells"])
    for (const char* drawn : {"runs", "strips"}) cell.erase(drawn);
  return data;
}

}  // namespace splitwan::analysis
