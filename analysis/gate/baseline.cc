#include "analysis/gate/baseline.hh"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/gate/records.hh"
#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;
using engine::ObjectReader;

const Json columns = {
    {"steps", "[step, prefill, rows, drafted, accepted, begin_ns, took_ns, messages, work]"},
    {"messages",
     "[from, to, bytes, rows, flights, cwnd, retransmits, sent_ns, arrived_ns, count, mark]; sent and "
     "arrived since the step's begin, of the first and the last of count; mark: a hash of all of several"},
    {"work", "[party, phase, rows, took_ns, count, mark]; took_ns of all count jobs"}};

Json to_json(const StepRecord& s) {
  Json messages = Json::array(), work = Json::array();
  for (const MessageRecord& m : s.messages)
    messages.push_back({m.from, m.to, m.bytes, m.rows, m.flights, m.cwnd, m.retransmits, m.sent.count(),
                        m.arrived.count(), m.count, m.mark});
  for (const WorkRecord& w : s.work)
    work.push_back({w.party, engine::name_of(w.phase), w.rows, w.took.count(), w.count, w.mark});
  return {s.step,         s.prefill,           s.rows,         s.drafted, s.accepted, s.begin.count(),
          s.took.count(), std::move(messages), std::move(work)};
}

// Reads an array's values in turn.
class RowReader {
 public:
  RowReader(const Json& row, std::size_t values, std::string where) : row_(row), where_(std::move(where)) {
    if (!row.is_array() || row.size() != values)
      throw Error("{}: expected a list of {} values, found {}", where_, values,
                  row.is_array() ? std::to_string(row.size()) : row.type_name());
  }
  const Json& next() { return row_[at_++]; }
  template <typename Int>
  Int whole() {
    const Json& value = next();
    if (!value.is_number_integer())
      throw Error("{}: value {}: expected a whole number, found {}", where_, at_, value.dump());
    if (!std::is_signed_v<Int> && !value.is_number_unsigned())
      throw Error("{}: value {}: expected no negative number, found {}", where_, at_, value.dump());
    const auto number = value.get<std::int64_t>();
    if (!std::in_range<Int>(number))
      throw Error("{}: value {}: {} is out of range", where_, at_, value.dump());
    return static_cast<Int>(number);
  }
  bool truth() {
    const Json& value = next();
    if (!value.is_boolean())
      throw Error("{}: value {}: expected true or false, found {}", where_, at_, value.dump());
    return value.get<bool>();
  }
  Nanos nanos() { return Nanos(whole<std::int64_t>()); }
  const Json& list() {
    const Json& value = next();
    if (!value.is_array())
      throw Error("{}: value {}: expected a list, found {}", where_, at_, value.type_name());
    return value;
  }
  engine::Phase phase() {
    const Json& value = next();
    if (!value.is_string())
      throw Error("{}: value {}: expected a phase, found {}", where_, at_, value.dump());
    return engine::phase_named(value.get<std::string>());
  }

 private:
  const Json& row_;
  std::string where_;
  std::size_t at_ = 0;
};

StepRecord step_of(const Json& row, const std::string& where) {
  RowReader r(row, 9, where);
  StepRecord s;
  s.step = r.whole<std::uint64_t>();
  s.prefill = r.truth();
  s.rows = r.whole<std::uint32_t>();
  s.drafted = r.whole<std::uint32_t>();
  s.accepted = r.whole<std::uint32_t>();
  s.begin = r.nanos();
  s.took = r.nanos();
  for (const Json& message : r.list()) {
    RowReader m(message, 11, where + ": message");
    MessageRecord& to = s.messages.emplace_back();
    to.from = m.whole<engine::PartyId>();
    to.to = m.whole<engine::PartyId>();
    to.bytes = m.whole<std::uint64_t>();
    for (auto* figure : {&to.rows, &to.flights, &to.cwnd, &to.retransmits})
      *figure = m.whole<std::uint32_t>();
    to.sent = m.nanos();
    to.arrived = m.nanos();
    to.count = m.whole<std::uint32_t>();
    to.mark = m.whole<std::uint32_t>();
  }
  for (const Json& work : r.list()) {
    RowReader w(work, 6, where + ": work");
    WorkRecord& to = s.work.emplace_back();
    to.party = w.whole<engine::PartyId>();
    to.phase = w.phase();
    to.rows = w.whole<std::uint32_t>();
    to.took = w.nanos();
    to.count = w.whole<std::uint32_t>();
    to.mark = w.whole<std::uint32_t>();
  }
  return s;
}

RunRecord run_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  RunRecord run;
  run.prompt = r.need<std::string>("prompt");
  run.drafter = r.need<std::string>("drafter");
  run.seed = r.need<std::uint64_t>("seed");
  run.total = Nanos(r.need<std::int64_t>("total_ns"));
  run.output = r.need<std::vector<std::int32_t>>("output");
  const Json& steps = r.list("steps");
  for (std::size_t i = 0; i < steps.size(); ++i)
    run.steps.push_back(step_of(steps[i], fmt::format("{}[{}]", r.path("steps"), i)));
  r.done();
  return run;
}

CellRecord cell_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  CellRecord cell;
  cell.name = r.need<std::string>("cell");
  const Json& metrics = r.at("metrics");
  if (!metrics.is_object())
    throw Error("{}: expected an object, found {}", r.path("metrics"), metrics.type_name());
  for (const auto& [name, value] : metrics.items()) {
    gate_metric(name);
    if (!value.is_number())
      throw Error("{}: {}: expected a number, found {}", r.path("metrics"), name, value.dump());
    cell.metrics[name] = value.get<double>();
  }
  const Json& runs = r.list("runs");
  for (std::size_t i = 0; i < runs.size(); ++i)
    cell.runs.push_back(run_of(runs[i], fmt::format("{}[{}]", r.path("runs"), i)));
  r.done();
  if (const auto found = metrics_of(cell.runs); found != cell.metrics)
    throw Error(
        "{}: metrics: not those of its own steps: edited by hand? Remove the file, and --update writes it "
        "anew",
        where);
  return cell;
}

std::string text_of(const CellRecord& cell) {
  Json metrics = Json::object();
  for (const Metric& m : gate_metrics())
    if (cell.metrics.contains(m.name)) metrics[m.name] = cell.metrics.at(m.name);
  std::string text = fmt::format("{{\"cell\": {},\n     \"metrics\": {},\n     \"runs\": [",
                                 Json(cell.name).dump(), metrics.dump());
  for (std::size_t i = 0; i < cell.runs.size(); ++i) {
    const RunRecord& run = cell.runs[i];
    text += fmt::format(
        "{}\n      {{\"prompt\": {}, \"drafter\": {}, \"seed\": {}, \"total_ns\": {},\n       \"output\": "
        "{},\n       \"steps\": [",
        i ? "," : "", Json(run.prompt).dump(), Json(run.drafter).dump(), run.seed, run.total.count(),
        Json(run.output).dump());
    for (std::size_t s = 0; s < run.steps.size(); ++s)
      text += fmt::format("{}\n        {}", s ? "," : "", to_json(run.steps[s]).dump());
    text += "]}";
  }
  return text + "]}";
}

bool share_one(const Json& a, const Json& b) {
  return a.is_array() && b.is_array() &&
         std::ranges::any_of(a, [&](const Json& x) { return std::ranges::find(b, x) != b.end(); });
}

}  // namespace

const ScenarioRecord* Baseline::find(const std::string& scenario) const {
  const auto found = std::ranges::find(scenarios, scenario, &ScenarioRecord::name);
  return found == scenarios.end() ? nullptr : &*found;
}

void Baseline::put(ScenarioRecord record) {
  std::erase_if(scenarios, [&](const ScenarioRecord& s) { return s.name == record.name; });
  scenarios.insert(std::ranges::lower_bound(scenarios, record.name, {}, &ScenarioRecord::name),
                   std::move(record));
}

std::string text_of(const Baseline& baseline) {
  std::string text = fmt::format(
      "{{\"schema_version\": {}, \"kind\": \"gate-baseline\",\n \"columns\": {},\n \"scenarios\": [",
      baseline_schema_version, columns.dump());
  for (std::size_t i = 0; i < baseline.scenarios.size(); ++i) {
    const ScenarioRecord& s = baseline.scenarios[i];
    text +=
        fmt::format("{}\n  {{\"scenario\": {},\n   \"fingerprint\": {{", i ? "," : "", Json(s.name).dump());
    bool first = true;
    for (const auto& [key, value] : s.fingerprint.items()) {
      text += fmt::format("{}\n    {}: {}", first ? "" : ",", Json(key).dump(), value.dump());
      first = false;
    }
    text += fmt::format("}},\n   \"settings\": {},\n   \"cells\": [", s.settings.dump());
    for (std::size_t c = 0; c < s.cells.size(); ++c)
      text += fmt::format("{}\n    {}", c ? "," : "", text_of(s.cells[c]));
    text += "]}";
  }
  return text + "]}\n";
}

Baseline read_baseline(const std::string& path) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  if (const auto kind = r.need<std::string>("kind"); kind != "gate-baseline")
    throw Error("{}: kind: expected gate-baseline, as 'splitwan gate --update' writes it, found {}", path,
                kind);
  if (const int version = r.need<int>("schema_version"); version != baseline_schema_version)
    throw Error("{}: schema_version: expected {}, found {}: remove the file, and --update writes it anew",
                path, baseline_schema_version, version);
  r.at("columns");
  Baseline baseline;
  const Json& scenarios = r.list("scenarios");
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    ObjectReader s(scenarios[i], fmt::format("{}[{}]", r.path("scenarios"), i));
    ScenarioRecord record;
    record.name = s.need<std::string>("scenario");
    record.fingerprint = s.at("fingerprint");
    if (!record.fingerprint.is_object()) throw Error("{}: expected an object", s.path("fingerprint"));
    record.settings = s.at("settings");
    const Json& cells = s.list("cells");
    for (std::size_t c = 0; c < cells.size(); ++c)
      record.cells.push_back(cell_of(cells[c], fmt::format("{}[{}]", s.path("cells"), c)));
    s.done();
    if (baseline.find(record.name)) throw Error("{}: scenario '{}' stands in it twice", path, record.name);
    baseline.put(std::move(record));
  }
  r.done();
  return baseline;
}

std::vector<std::string> fingerprint_differs(const Json& baseline, const Json& now) {
  std::vector<std::string> differs;
  const auto told = [](const Json& value) {
    return value.is_null() ? "none" : value.is_string() ? value.get<std::string>() : value.dump();
  };
  for (const Json* side : {&baseline, &now}) {
    for (const auto& [key, value] : side->items()) {
      if (side == &now && baseline.contains(key)) continue;
      const Json a = baseline.value(key, Json()), b = now.value(key, Json());
      if (a == b || (key == "instruction_sets" && share_one(a, b))) continue;
      differs.push_back(fmt::format("{}: baseline {}, now {}", key, told(a), told(b)));
    }
  }
  return differs;
}

}  // namespace splitwan::analysis
