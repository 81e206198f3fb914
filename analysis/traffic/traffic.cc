#include "analysis/traffic/traffic.hh"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/traffic/traffic_runs.hh"
#include "engine/base/error.hh"
#include "model/observe/observation.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;
using engine::Json;

// Runs under one condition: an observer knows the link, the wire type and whether rows are padded.
struct Cell {
  Json labels;
  std::vector<Watched> runs;
  std::vector<model::Observation> observations;  // `run` counts the cell's
};

Watched watch(const engine::Run& run, const std::string& where) {
  const engine::RunHeader& h = run.header;
  if (!h.prompt || h.prompt->name.empty()) throw Error("{}: the header names no prompt", where);
  Watched w{h.drafter,       h.prompt->name, h.prompt->kind, h.defences.contains("pad_rows"),
            see(run, where), run.steps};
  // A slow client's chunks may be answered one by one: a prompt in several steps. The decode steps are the
  // last.
  const std::size_t seen = w.seen.steps.size(), real = w.truth.size();
  if (real < 2 || seen < real)
    throw Error("{}: {} steps on the network for {} in the trace: expected a prompt and decode steps", where,
                seen, real);
  for (std::size_t extra = seen - real; extra > 0; --extra)
    w.seen.steps[extra - 1].rows += w.seen.steps[extra].rows;
  w.seen.steps.erase(w.seen.steps.begin() + 1,
                     w.seen.steps.begin() + 1 + static_cast<std::ptrdiff_t>(seen - real));
  return w;
}

// In the order of the trace.
std::vector<Cell> cells_of(const model::Study& study) {
  const std::vector<engine::Run>& runs = study.runs;
  std::vector<Cell> cells;
  std::map<std::size_t, std::pair<std::size_t, std::size_t>> places;  // of a run: its cell, its place there
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto crossed = [](const engine::Span& s) { return s.op == engine::Op::recv && s.rows > 0; };
    if (std::ranges::none_of(runs[i].spans, crossed)) continue;
    const std::string where = fmt::format("run {}", i);
    const engine::RunHeader& h = runs[i].header;
    Json labels = model::to_json(model::condition_of(h.network));
    labels["wire"] = h.wire;
    labels["pad_rows"] = h.defences.value("pad_rows", Json());
    auto cell = std::ranges::find(cells, labels, &Cell::labels);
    if (cell == cells.end()) cell = cells.insert(cell, Cell{labels, {}, {}});
    places[i] = {static_cast<std::size_t>(cell - cells.begin()), cell->runs.size()};
    cell->runs.push_back(watch(runs[i], where));
  }
  if (cells.empty()) throw Error("no run crossed a network: there is no traffic to look at");
  for (model::Observation o : study.steps) {
    const auto it = places.find(o.run);
    if (it == places.end()) continue;
    o.run = it->second.second;
    cells[it->second.first].observations.push_back(o);
  }
  return cells;
}

struct Mean {
  double sum = 0, count = 0;
  void add(double x) { sum += x, ++count; }
  Json json() const { return count > 0 ? Json(sum / count) : Json(); }
};

Json row_of(const Cell& cell, const std::string& drafter, const std::vector<StepGuess>& steps,
            const std::vector<RunGuess>& runs) {
  const auto mine = [&](std::size_t run) { return cell.runs[run].drafter == drafter; };
  Mean prompt_exact, prompt_error, rows, by_size, by_time, blind, tokens, error, error_blind;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!mine(i)) continue;
    prompt_exact.add(runs[i].prompt_said == runs[i].prompt);
    prompt_error.add(std::abs(runs[i].prompt_said - runs[i].prompt));
    tokens.add(runs[i].tokens);
    error.add(std::abs(runs[i].tokens_said - runs[i].tokens));
    error_blind.add(std::abs(runs[i].tokens_blind - runs[i].tokens));
  }
  for (const StepGuess& g : steps) {
    if (!mine(g.run)) continue;
    rows.add(g.rows_said == g.rows);
    by_size.add(g.by_size == g.accepted);
    by_time.add(g.by_time == g.accepted);
    blind.add(g.blind == g.accepted);
  }
  double bytes = 0, decode_tokens = 0, decode_s = 0;
  for (const model::Observation& o : cell.observations) {
    if (!mine(o.run)) continue;
    bytes += o.bytes_up + o.bytes_down;
    if (!o.prefill) decode_tokens += o.accepted, decode_s += o.total_s;
  }
  Json row = cell.labels;
  row.update({{"drafter", drafter},
              {"runs", static_cast<std::size_t>(tokens.count)},
              {"steps", static_cast<std::size_t>(rows.count)},
              {"prompt_exact", prompt_exact.json()},
              {"prompt_error", prompt_error.json()},
              {"rows_exact", rows.json()},
              {"accepted_exact", by_size.json()},
              {"accepted_exact_timed", by_time.json()},
              {"accepted_exact_blind", blind.json()},
              {"tokens", tokens.json()},
              {"tokens_error", error.json()},
              {"tokens_error_blind", error_blind.json()},
              {"bytes_per_token", tokens.sum > 0 ? Json(bytes / tokens.sum) : Json()},
              {"tokens_per_s", decode_s > 0 ? Json(decode_tokens / decode_s) : Json()}});
  return row;
}

// To the row that differs in padding only.
void add_ratios(Json& rows) {
  for (Json& row : rows) {
    const auto plain = std::ranges::find_if(rows, [&](const Json& other) {
      const auto same = [&](const char* key) { return other.value(key, Json()) == row.value(key, Json()); };
      return other["pad_rows"].is_null() && same("drafter") && same("wire") &&
             model::condition_of(other, "traffic") == model::condition_of(row, "traffic");
    });
    for (const auto& [ratio, key] :
         {std::pair{"bytes_ratio", "bytes_per_token"}, {"tokens_per_s_ratio", "tokens_per_s"}}) {
      const bool known = plain != rows.end() && (*plain)[key].is_number() && row[key].is_number();
      row[ratio] = known ? Json(row[key].get<double>() / (*plain)[key].get<double>()) : Json();
    }
  }
}

}  // namespace

Json traffic(const model::Study& study) {
  Json out = {
      {"schema_version", traffic_schema_version},
      {"kind", "traffic"},
      {"observer",
       "sees direction, size and instant of each message at the client's end; knows the program, the model's "
       "width and the wire type, and has labelled runs of other prompts"},
      {"compute", study.runs.empty() ? Json() : Json(study.runs[0].header.compute)},
      {"rows", Json::array()},
      {"told_apart", Json::array()}};
  for (const Cell& cell : cells_of(study)) {
    const auto steps = guess_steps(cell.runs);
    const auto whole = guess_runs(cell.runs, steps);
    std::vector<std::string> drafters;
    for (const Watched& w : cell.runs) {
      if (std::ranges::find(drafters, w.drafter) == drafters.end()) drafters.push_back(w.drafter);
    }
    for (const std::string& drafter : drafters) out["rows"].push_back(row_of(cell, drafter, steps, whole));
    for (const ToldApart& t : tell_apart(cell.runs)) {
      Json& told = out["told_apart"].emplace_back(cell.labels);
      told.update(
          {{"what", t.what}, {"from", t.from}, {"runs", t.runs}, {"right", t.right}, {"chance", t.chance}});
    }
  }
  add_ratios(out["rows"]);
  return out;
}

}  // namespace splitwan::analysis
