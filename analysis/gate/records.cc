#include "analysis/gate/records.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <map>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "model/observe/condition.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;
using engine::Op;
using engine::PartyId;
using engine::Run;
using engine::Span;

constexpr Metric metrics[] = {
    {"tokens_per_s", "tokens/s", "tokens of all decode steps, by the time of these", true},
    {"time_to_first_token_s", "s", "of prompts, the mean", false},
    {"bytes_per_token", "bytes", "sent by all parties, headers and greetings included, by all tokens", false},
    {"round_trips_per_token", "round trips", "requests of the client that were answered, by all tokens",
     false},
    {"tokens_per_step", "tokens", "of decode steps", true},
    {"total_s", "s", "runs, from the first to the last: rests between steps too", false},
    {"same_tokens", "tokens",
     "of the baseline's texts that are still in their places, less those behind them that are new", true}};

void expect_virtual(const Run& run) {
  const auto& h = run.header;
  const std::string compute = h.compute.empty() ? "not stated" : h.compute;
  if (compute == "live" || compute == "measured" || h.network.live)
    throw Error(
        "scenario {}: network {}, compute {}: expected virtual time and compute that is not measured: a gate "
        "is exact",
        h.scenario_name, h.network.kind, compute);
}

// Sends and what becomes of them, in the order of each way.
void add_messages(const Run& run, std::map<std::uint64_t, StepRecord>& steps) {
  std::map<std::pair<PartyId, PartyId>, std::deque<const Span*>> coming;
  for (const Span& s : run.spans)
    if (s.op == Op::recv) coming[{s.peer, s.party}].push_back(&s);
  for (const Span& s : run.spans) {
    if (s.op != Op::send) continue;
    StepRecord& step = steps[s.step];
    MessageRecord m{s.party, s.peer, s.bytes, s.rows};
    m.sent = s.begin - step.begin;
    if (auto& way = coming[{s.party, s.peer}]; !way.empty()) {
      const Span& got = *way.front();
      way.pop_front();
      m.flights = got.flights, m.cwnd = got.cwnd, m.retransmits = got.retransmits;
      m.arrived = got.arrived - step.begin;
    }
    step.messages.push_back(m);
  }
  for (auto& [number, step] : steps)
    std::ranges::stable_sort(step.messages, {},
                             [](const MessageRecord& m) { return std::tuple(m.sent, m.from, m.to); });
}

// Messages of no step are greetings, or where they were sent after the last step farewells.
void part_farewells(std::map<std::uint64_t, StepRecord>& steps) {
  const auto greetings = steps.find(0);
  if (greetings == steps.end() || steps.size() < 2) return;
  const StepRecord& last = steps.rbegin()->second;
  auto& messages = greetings->second.messages;
  const Nanos since = greetings->second.begin, end = last.begin + last.took;
  const auto first =
      std::ranges::find_if(messages, [&](const MessageRecord& m) { return since + m.sent >= end; });
  if (first == messages.end()) return;
  StepRecord farewells{.step = last.step + 1, .begin = since + first->sent};
  farewells.messages.assign(first, messages.end());
  messages.erase(first, messages.end());
  for (MessageRecord& m : farewells.messages) {
    m.sent -= farewells.begin - since;
    m.arrived -= farewells.begin - since;
  }
  steps[farewells.step] = std::move(farewells);
}

std::string cell_name(const engine::RunHeader& h) {
  const auto links = model::conditions_of_pairs(h.network);
  std::string name = model::label(links.outer);
  if (h.cascade.is_object() && links.inner != links.outer)
    name += "; among nodes " + model::label(links.inner);
  return h.drafter.empty() ? name : name + ", " + h.drafter;
}

// Of the client's requests, those that were answered: as many as messages came to it.
double answers(const StepRecord& step) {
  double came = 0;
  for (const MessageRecord& m : step.messages) came += m.to == 0 ? m.count : 0;
  return came;
}

// What the simulator read back: of each way that TCP was set, and what its links measured.
Json settings_of(const engine::RunHeader& h) {
  Json settings = system_of(h);
  for (const char* key : {"geometry", "machine"}) settings.erase(key);
  if (h.simulator.is_object() && h.simulator.contains("tcp")) settings["tcp"] = h.simulator["tcp"];
  return settings;
}

// Whatever else sets two cells over one link and with one drafter apart, in words.
void tell_apart(std::vector<CellRecord>& cells, const std::vector<Json>& variants) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string name = cells[i].name;
    for (const auto& item : variants[i].items()) {
      const Json& value = item.value();
      bool other = false;
      for (std::size_t j = 0; j < cells.size(); ++j)
        other |= cells[j].name == cells[i].name && variants[j].value(item.key(), Json()) != value;
      if (other)
        name +=
            fmt::format(", {} {}", item.key(), value.is_string() ? value.get<std::string>() : value.dump());
    }
    names.push_back(std::move(name));
  }
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i].name = std::move(names[i]);
}

// FNV-1a, of instants that a group no longer holds.
std::uint32_t marked(std::uint32_t mark, Nanos instant) {
  auto left = static_cast<std::uint64_t>(instant.count());
  if (mark == 0) mark = 2166136261u;
  for (int byte = 0; byte < 8; ++byte, left >>= 8)
    mark = (mark ^ static_cast<std::uint32_t>(left & 255)) * 16777619u;
  return mark;
}

void join(MessageRecord& group, const MessageRecord& m) {
  if (group.count == 1) group.mark = marked(marked(0, group.sent), group.arrived);
  group.mark = marked(marked(group.mark, m.sent), m.arrived);
  group.count += m.count;
  group.arrived = std::max(group.arrived, m.arrived);
}

void join(WorkRecord& group, const WorkRecord& w) {
  if (group.count == 1) group.mark = marked(0, group.took);
  group.mark = marked(group.mark, w.took);
  group.count += w.count;
  group.took += w.took;
}

auto kind_of(const MessageRecord& m) {
  return std::tuple(m.from, m.to, m.bytes, m.rows, m.flights, m.cwnd, m.retransmits);
}
auto kind_of(const WorkRecord& w) { return std::tuple(w.party, w.phase, w.rows); }

template <typename Record>
std::vector<Record> grouped_by_kind(const std::vector<Record>& all) {
  std::vector<Record> groups;
  for (const Record& one : all) {
    const auto group =
        std::ranges::find_if(groups, [&](const Record& g) { return kind_of(g) == kind_of(one); });
    if (group == groups.end())
      groups.push_back(one);
    else
      join(*group, one);
  }
  return groups;
}

}  // namespace

std::span<const Metric> gate_metrics() { return metrics; }

const Metric& gate_metric(std::string_view name) {
  const auto found =
      std::ranges::find(metrics, name, [](const Metric& m) { return std::string_view(m.name); });
  if (found != std::end(metrics)) return *found;
  throw Error("metric '{}': expected one of {}", name, gate_metric_names());
}

std::string gate_metric_names() {
  std::vector<const char*> names;
  for (const Metric& m : metrics) names.push_back(m.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::map<std::string, double> metrics_of(const std::vector<RunRecord>& runs) {
  double tokens = 0, decoded = 0, decode_s = 0, steps = 0, first_s = 0, prompts = 0, bytes = 0, total_s = 0,
         trips = 0, texts = 0;
  for (const RunRecord& run : runs) {
    texts += static_cast<double>(run.output.size());
    total_s += engine::seconds(run.total);
    for (const StepRecord& s : run.steps) {
      for (const MessageRecord& m : s.messages) bytes += static_cast<double>(m.bytes) * m.count;
      if (s.is_session()) continue;
      trips += answers(s);
      tokens += s.accepted;
      if (s.prefill) {
        first_s += engine::seconds(s.took), ++prompts;
      } else {
        decoded += s.accepted, decode_s += engine::seconds(s.took), ++steps;
      }
    }
  }
  std::map<std::string, double> found;
  const auto add = [&](const char* name, double a, double b) {
    if (b > 0) found[name] = a / b;
  };
  add("tokens_per_s", decoded, decode_s);
  add("time_to_first_token_s", first_s, prompts);
  add("bytes_per_token", bytes, tokens);
  add("round_trips_per_token", trips, tokens);
  add("tokens_per_step", decoded, steps);
  if (total_s > 0) found["total_s"] = total_s;
  if (texts > 0) found["same_tokens"] = texts;
  return found;
}

RunRecord record_of(const Run& run) {
  RunRecord record;
  record.prompt = run.header.prompt ? run.header.prompt->name : "";
  record.drafter = run.header.drafter;
  record.seed = run.header.seed.value_or(0);
  if (run.end.contains("output_ids")) record.output = run.end["output_ids"].get<std::vector<std::int32_t>>();
  if (run.end.contains("total_ns")) record.total = Nanos(run.end["total_ns"].get<std::int64_t>());
  std::map<std::uint64_t, StepRecord> steps;
  for (const engine::Step& s : run.steps)
    steps[s.step] = {s.step, s.prefill, s.rows, s.drafted, s.accepted, s.begin, s.end - s.begin, {}, {}};
  for (const Span& s : run.spans)
    if (steps.try_emplace(s.step).second) steps[s.step].step = s.step, steps[s.step].begin = s.begin;
  add_messages(run, steps);
  part_farewells(steps);
  for (const Span& s : run.spans)
    if (s.op == Op::work) steps[s.step].work.push_back({s.party, s.phase, s.rows, s.end - s.begin});
  for (auto& [number, step] : steps) record.steps.push_back(std::move(step));
  return record;
}

RunRecord grouped(RunRecord run) {
  for (StepRecord& step : run.steps) {
    step.messages = grouped_by_kind(step.messages);
    step.work = grouped_by_kind(step.work);
  }
  return run;
}

std::vector<ScenarioRecord> records_of(const std::vector<Run>& runs, Times times) {
  std::vector<ScenarioRecord> records;
  std::vector<std::vector<Json>> variants;  // of each record's cells
  for (const Run& run : runs) {
    if (times == Times::exact) expect_virtual(run);
    const auto& h = run.header;
    auto scenario = std::ranges::find(records, h.scenario_name, &ScenarioRecord::name);
    if (scenario == records.end()) {
      records.push_back({h.scenario_name, Json::object(), settings_of(h), {}});
      variants.emplace_back();
      scenario = std::prev(records.end());
    }
    auto& kinds = variants[static_cast<std::size_t>(scenario - records.begin())];
    const std::string name = cell_name(h);
    Json variant = system_of(h);
    variant["cascade"] = h.cascade;  // whole
    std::size_t cell = 0;
    while (cell < kinds.size() && (scenario->cells[cell].name != name || kinds[cell] != variant)) ++cell;
    if (cell == kinds.size()) {
      scenario->cells.push_back({name, {}, {}});
      kinds.push_back(variant);
    }
    scenario->cells[cell].runs.push_back(record_of(run));
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    tell_apart(records[i].cells, variants[i]);
    for (CellRecord& cell : records[i].cells) cell.metrics = metrics_of(cell.runs);
  }
  return records;
}

}  // namespace splitwan::analysis
