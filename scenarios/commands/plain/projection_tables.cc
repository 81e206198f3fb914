// Tables of project, advise and the published data.
#include <fmt/format.h>

#include <cmath>

#include "engine/base/json_table.hh"
#include "scenarios/commands/plain/model_tables.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;

std::string assumed(const Json& list) {
  std::string out;
  for (const Json& text : list) out += fmt::format("assumed: {}\n", text.get<std::string>());
  return out;
}

}  // namespace

std::string projection_table(const std::vector<model::Point>& points,
                             const std::vector<std::string>& assumptions) {
  std::string out =
      "RTT ms  bandwidth             drafter       tokens/s   90 % interval    tokens/step  step ms   p95 ms "
      " "
      "first ms  break-even\n";
  for (const model::Point& p : points) {
    const Json j = to_json(p);
    out += fmt::format(
        "{:>6g}  {:<20}  {:<12} {:>9.2f}   {:>6.2f} - {:<6.2f} {:>12.3f} {:>8.1f} {:>8.1f} {:>9} {:>11}{}\n",
        p.condition.rtt_s * 1e3, bandwidth_label(p.condition), p.drafter, p.tokens_per_s, p.low, p.high,
        p.tokens_per_step, p.step_s * 1e3, p.p95_s * 1e3,
        engine::number_cell(j["time_to_first_token_s"], 1e3, 1),
        engine::number_cell(j["break_even_tokens_per_step"], 1, 3),
        p.extrapolated.empty() ? "" : "  extrapolated");
  }
  for (const model::Point& p : points) {
    if (p.extrapolated.empty()) continue;
    for (const std::string& text : p.extrapolated) out += fmt::format("outside what was fitted: {}\n", text);
    break;  // the others say much the same
  }
  if (!points.empty() && !std::isnan(points[0].prompt_tokens))
    out += fmt::format(
        "first ms: of prompts of {:.0f} tokens on average; an answer of {:.0f} tokens takes {:.1f} s ({})\n",
        points[0].prompt_tokens, points[0].tokens, points[0].answer_s, points[0].drafter);
  return out + assumed(assumptions);
}

std::string needs_table(const Json& j) {
  std::string out = fmt::format(
      "{:g} tokens/s needs one of these, all else as it is ('-': not enough)\n"
      "RTT ms  drafter       now tokens/s  RTT at most ms  rate at least Mbit/s  tokens/step at least\n",
      j["target_tokens_per_s"].get<double>());
  for (const Json& n : j["needs"]) {
    out += fmt::format("{:>6}  {:<12} {:>13} {:>15} {:>21} {:>21}\n", engine::number_cell(n["rtt_s"], 1e3, 1),
                       n["drafter"].get<std::string>(), engine::number_cell(n["tokens_per_s"], 1, 2),
                       engine::number_cell(n["longest_rtt_s"], 1e3, 1),
                       engine::number_cell(n["least_bps"], 1e-6, 2),
                       engine::number_cell(n["least_tokens_per_step"], 1, 3));
  }
  return out + assumed(j["assumptions"]);
}

std::string advice_table(const Json& j) {
  std::string out = "split  wire  width  drafter       tokens/s   90 % interval    step ms  kB/token\n";
  for (const Json& c : j["choices"]) {
    const std::string split = c["head"].is_null() ? "as is" : c["head"].dump() + "+" + c["tail"].dump();
    out += fmt::format(
        "{:<5}  {:<4}  {:>5}  {:<12} {:>9}   {:>6} - {:<6} {:>9} {:>9}{}\n", split,
        c["wire"].is_null() ? "-" : c["wire"].get<std::string>(), engine::number_cell(c["width"], 1, 0),
        c["drafter"].get<std::string>(), engine::number_cell(c["tokens_per_s"], 1, 2),
        engine::number_cell(c["tokens_per_s_ci90"][0], 1, 2),
        engine::number_cell(c["tokens_per_s_ci90"][1], 1, 2), engine::number_cell(c["step_s"], 1e3, 1),
        engine::number_cell(c["bytes_per_token"], 1e-3, 1),
        c["bound"] == true          ? "  at least, not ranked"
        : c["extrapolated"] == true ? "  extrapolated"
                                    : "");
  }
  return out + j["note"].get<std::string>() + "\n" + assumed(j["assumptions"]);
}

std::string published_table(const Json& j) {
  const auto cell = engine::number_cell;
  std::string out = "category         measured tokens/s    formula  error %   ours, range\n";
  for (const Json& c : j["categories"]) {
    const Json& range = c["model_range_tokens_per_s"];
    out += fmt::format("{:<16} {:>17} {:>10} {:>8}   {}\n", c["category"].get<std::string>(),
                       cell(c["measured_tokens_per_s"], 1, 2), cell(c["formula_tokens_per_s"], 1, 2),
                       cell(c["formula_error"], 100, 1),
                       range.is_null() ? "-" : cell(range[0], 1, 2) + " to " + cell(range[1], 1, 2));
  }
  out += "\nwide steps   Mbit/s   tokens/s off by, %   network's mean, %   its median, %\n";
  for (const Json& m : j["mixes"]) {
    const int every = m["wide_every"];
    out += fmt::format(
        "{:<10} {:>8} {:>20} {:>19} {:>15}{}\n", every == 1 ? "all" : fmt::format("1 in {}", every),
        cell(m["rate_bps"], 1e-6, 0), cell(m["mean_abs_error"], 100, 1), cell(m["network_error"], 100, 1),
        cell(m["network_median_error"], 100, 1), m["possible"] == true ? "" : "   not so, by the medians");
  }
  const Json& range = j["mean_abs_error"]["model_range"];
  const std::string formula = cell(j["mean_abs_error"]["formula"], 100, 1);
  out += range.is_null() ? fmt::format("\nno mix agrees with the medians; formula {} %\n", formula)
                         : fmt::format(
                               "\nmean size of error: formula {} %, ours {} to {} %; ours is the "
                               "smaller in {} of {} mixes that the medians allow\n",
                               formula, cell(range[0], 100, 1), cell(range[1], 100, 1),
                               j["closer_mixes"].dump(), j["possible_mixes"].dump());
  return out + assumed(j["assumptions"]);
}

}  // namespace splitwan::scenarios
