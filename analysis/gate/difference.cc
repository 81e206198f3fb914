#include "analysis/gate/difference.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/gate/step_difference.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

// The step in which the first other token came out; none where the texts are the same.
std::optional<Difference> other_text(const RunRecord& a, const RunRecord& b) {
  const auto differs = std::ranges::mismatch(a.output, b.output);
  if (differs.in1 == a.output.end() && differs.in2 == b.output.end()) return {};
  const auto place = static_cast<std::size_t>(differs.in1 - a.output.begin());
  Difference d;
  std::size_t tokens = 0;
  for (const StepRecord& s : b.steps) {
    if (!s.is_session()) d.step = s.step;
    if ((tokens += s.accepted) > place) break;
  }
  const auto token = [](auto at, auto end) { return at == end ? Json() : Json(*at); };
  const Json was = token(differs.in1, a.output.end()), is = token(differs.in2, b.output.end());
  const auto told = [](const Json& t) { return t.is_null() ? std::string("none") : t.dump(); };
  d.what = "text";
  d.reason = fmt::format("token {} is {} where it was {}", place, told(is), told(was));
  d.before = {{"token", was}, {"place", place}};
  d.now = {{"token", is}, {"place", place}};
  return d;
}

std::string label_of(const StepRecord& s) {
  return !s.is_session() ? fmt::format("step {}", s.step) : s.step == 0 ? "greetings" : "farewells";
}

Difference in_step(const StepRecord& a, const StepRecord& b) {
  Part part = part_of(a, b);
  return {0, "", b.step, part.what, fmt::format("{}: {}", label_of(b), part.reason), part.before, part.now};
}

// Of what is no run of the model's steps; or none.
std::optional<Difference> around_steps(const RunRecord& a, const RunRecord& b) {
  const auto steps = [](const RunRecord& run) {
    return std::ranges::count(run.steps, false, &StepRecord::is_session);
  };
  if (steps(a) != steps(b) || a.steps.size() != b.steps.size())
    return Difference{0,
                      "",
                      0,
                      "steps",
                      fmt::format("{} steps where {} were", steps(b), steps(a)),
                      {{"steps", steps(a)}},
                      {{"steps", steps(b)}}};
  const auto parts = std::ranges::mismatch(a.steps, b.steps);
  if (parts.in1 != a.steps.end()) return in_step(*parts.in1, *parts.in2);
  if (a.total == b.total) return {};
  return Difference{
      0,
      "",
      0,
      "waiting",
      fmt::format("it takes {} ns where it took {}, of the same steps", b.total.count(), a.total.count()),
      {{"took_ns", a.total.count()}},
      {{"took_ns", b.total.count()}}};
}

std::optional<Difference> not_one_experiment(const RunRecord& a, const RunRecord& b) {
  if (a.prompt == b.prompt && a.drafter == b.drafter && a.seed == b.seed) return {};
  const auto told = [](const RunRecord& r) {
    return Json{{"prompt", r.prompt}, {"drafter", r.drafter}, {"seed", r.seed}};
  };
  return Difference{
      0,
      "",
      0,
      "steps",
      fmt::format("prompt '{}', drafter {}, seed {}, where prompt '{}', drafter {}, seed {} were", b.prompt,
                  b.drafter, b.seed, a.prompt, a.drafter, a.seed),
      told(a),
      told(b)};
}

std::optional<Difference> in_steps(const RunRecord& a, const RunRecord& b) {
  std::optional<Difference> found;
  for (std::size_t i = 0; !found && i < std::min(a.steps.size(), b.steps.size()); ++i)
    if (!a.steps[i].is_session() && !b.steps[i].is_session() && a.steps[i] != b.steps[i])
      found = in_step(a.steps[i], b.steps[i]);
  if (auto text = other_text(a, b); text && (!found || text->step <= found->step || found->step == 0)) {
    text->reason = fmt::format("step {}: {}", text->step, text->reason);
    return text;
  }
  return found;
}

void add_to(Totals& t, const RunRecord& run) {
  double steps_s = 0;
  for (const StepRecord& s : run.steps) {
    for (const MessageRecord& m : s.messages) {
      t.messages += m.count;
      t.bytes += static_cast<double>(m.bytes) * m.count;
      t.flights += static_cast<double>(m.flights) * m.count;
      t.resent += static_cast<double>(m.retransmits) * m.count;
    }
    for (const WorkRecord& w : s.work) (w.party == 0 ? t.client_s : t.others_s) += engine::seconds(w.took);
    if (s.is_session()) continue;
    ++t.steps;
    steps_s += engine::seconds(s.took);
    t.rows += s.rows;
    t.tokens += s.accepted;
  }
  t.seconds += run.total > Nanos(0) ? engine::seconds(run.total) : steps_s;
}

void tell_settings(const Json& before, const Json& now, const std::string& where,
                   std::vector<std::string>& words) {
  for (const Json* side : {&before, &now}) {
    for (const auto& [key, value] : side->items()) {
      if (side == &now && before.contains(key)) continue;
      const Json x = before.value(key, Json()), y = now.value(key, Json());
      if (x == y) continue;
      const std::string name = where.empty() ? key : fmt::format("{}.{}", where, key);
      if (x.is_object() && y.is_object())
        tell_settings(x, y, name, words);
      else
        words.push_back(fmt::format("{} {} -> {}", name, x.dump(), y.dump()));
    }
  }
}

}  // namespace

std::optional<Difference> first_difference(const CellRecord& before, const CellRecord& now) {
  for (const auto look : {not_one_experiment, in_steps, around_steps})  // greetings explain least
    for (std::size_t i = 0; i < std::min(before.runs.size(), now.runs.size()); ++i)
      if (auto found = look(before.runs[i], now.runs[i])) {
        found->run = i;
        found->prompt = now.runs[i].prompt;
        found->reason = fmt::format("run {} ({}), {}", i, found->prompt, found->reason);
        return found;
      }
  if (before.runs.size() == now.runs.size()) return {};
  return Difference{std::min(before.runs.size(), now.runs.size()),
                    "",
                    0,
                    "steps",
                    fmt::format("{} runs where {} were", now.runs.size(), before.runs.size()),
                    before.runs.size(),
                    now.runs.size()};
}

Totals totals_of(const CellRecord& cell) {
  Totals t;
  for (const RunRecord& run : cell.runs) add_to(t, run);
  t.client_waits_s = t.seconds - t.client_s;
  return t;
}

Json to_json(const Totals& t) {
  return {{"total_s", t.seconds},
          {"steps", t.steps},
          {"tokens", t.tokens},
          {"rows", t.rows},
          {"messages", t.messages},
          {"bytes", t.bytes},
          {"flights", t.flights},
          {"resent", t.resent},
          {"client_s", t.client_s},
          {"others_s", t.others_s},
          {"client_waits_s", t.client_waits_s}};
}

std::string cost_of(const Totals& a, const Totals& b) {
  const double longer = b.seconds - a.seconds;
  std::string text = fmt::format("{} {:.6g} s of {:.6g} s{}", longer >= 0 ? "costs" : "saves",
                                 std::abs(longer), a.seconds, percent_text(a.seconds, b.seconds));
  std::string more;
  for (const auto& [name, x, y] : {std::tuple{"tokens", a.tokens, b.tokens},
                                   {"steps", a.steps, b.steps},
                                   {"rows", a.rows, b.rows},
                                   {"messages", a.messages, b.messages},
                                   {"bytes", a.bytes, b.bytes},
                                   {"flights", a.flights, b.flights},
                                   {"segments sent again", a.resent, b.resent}})
    if (x != y) more += fmt::format("{}{:+} {}", more.empty() ? "" : ", ", y - x, name);
  for (const auto& [name, x, y] : {std::tuple{"of the client's work", a.client_s, b.client_s},
                                   {"of others' work", a.others_s, b.others_s},
                                   {"of waiting", a.client_waits_s, b.client_waits_s}})
    if (std::abs(y - x) >= 1e-9)
      more += fmt::format("{}{:+.4g} ms {}", more.empty() ? "" : ", ", (y - x) * 1e3, name);
  return more.empty() ? text : text + ": " + more;
}

std::vector<std::string> settings_changed(const Json& before, const Json& now) {
  std::vector<std::string> words;
  if (before.is_object() && now.is_object()) tell_settings(before, now, "", words);
  return words;
}

}  // namespace splitwan::analysis
