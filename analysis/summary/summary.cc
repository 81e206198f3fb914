#include "analysis/summary/summary.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/error.hh"
#include "engine/privacy/defences.hh"
#include "model/observe/observation.hh"
#include "model/path/link.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using model::Condition;
using model::Observation;
using model::Study;

constexpr double normal_90 = 1.645;  // half width of a 90 % interval, in standard errors

// The remainder of sums of doubles: a nanosecond is what a trace can tell.
double nothing_if_rounding(double s) { return std::abs(s) < 1e-9 ? 0 : s; }

struct Totals {
  std::set<std::size_t> runs;
  std::vector<std::pair<double, double>> decode;  // tokens gained and seconds of each decode step
  double tokens = 0, drafted = 0, bytes_up = 0, bytes_down = 0, probe_bytes = 0, round_trips = 0;
  double first_token_s = 0, prompts = 0;
  double decode_tokens = 0, decode_s = 0, rows = 0;
  double client_s = 0, server_s = 0, network_s = 0, wire_s = 0, overhead_s = 0, tls_s = 0;

  void add(const Observation& o) {
    runs.insert(o.run);
    tokens += o.accepted;
    bytes_up += o.bytes_up;
    bytes_down += o.bytes_down;
    probe_bytes += o.tcp.probe_bytes;
    round_trips += o.round_trips;
    if (o.prefill) {
      first_token_s += o.total_s;
      ++prompts;
      return;
    }
    decode.emplace_back(o.accepted, o.total_s);
    decode_tokens += o.accepted;
    decode_s += o.total_s;
    drafted += o.drafted;
    rows += o.rows;
    client_s += o.client_s;
    server_s += o.server_s;
    network_s += o.network_s;
    // The part of network_s that the stated rates explain; the rest is waiting for round trips.
    if (o.crossed()) {
      wire_s +=
          model::wire_s(o.bytes_up, o.condition.up_bps) + model::wire_s(o.bytes_down, o.condition.down_bps);
    }
    overhead_s += o.overhead_s;
    tls_s += engine::seconds(o.tcp.tls);
  }

  // Half the width of tokens_per_s's 90 % interval: the standard error of a ratio of sums (delta method).
  Json half_width() const {
    if (decode.size() < 2 || decode_s <= 0) return {};
    const double rate = decode_tokens / decode_s;
    double squares = 0;
    for (const auto& [gained, s] : decode) squares += std::pow(gained - rate * s, 2);
    return normal_90 * std::sqrt(squares) / decode_s;
  }

  void write(Json& j) const {
    const auto steps = static_cast<double>(decode.size());
    j["runs"] = runs.size();
    j["steps"] = decode.size();
    j["tokens"] = tokens;
    j["tokens_per_s"] = ratio(decode_tokens, decode_s);
    j["tokens_per_s_half_width"] = half_width();
    j["tokens_per_step"] = ratio(decode_tokens, steps);
    j["rows_per_step"] = ratio(rows, steps);
    j["acceptance"] = ratio(decode_tokens - steps, drafted);  // guesses that held, of those verified
    j["bytes_up"] = bytes_up;
    j["bytes_down"] = bytes_down;
    j["probe_bytes"] = probe_bytes;  // both ways, in none of the above
    j["round_trips"] = round_trips;
    j["time_to_first_token_s"] = ratio(first_token_s, prompts);
    j["step"] = {{"client_s", ratio(client_s, steps)},
                 {"server_s", ratio(server_s, steps)},
                 {"network_s", ratio(network_s, steps)},
                 {"wire_s", ratio(wire_s, steps)},
                 {"overhead_s", ratio(nothing_if_rounding(overhead_s), steps)},
                 {"total_s", ratio(decode_s, steps)}};
    if (tls_s > 0) j["step"]["tls_s"] = ratio(tls_s, steps);  // the client's own, within network_s
  }
};

// What else sets runs apart, so that no row mixes them.
Json variant_of(const engine::RunHeader& header) {
  const Json source = source_of(header);
  Json variant;
  variant["plan"] = source.value("plan", Json());
  variant["wire"] = source.value("wire", Json());
  variant["sampling"] = header.sampling ? to_json(*header.sampling) : Json();
  variant["compute"] = source.value("compute", Json());
  variant.update(header.defences);
  if (header.privacy.is_object()) variant["privacy"] = header.privacy;
  if (header.cascade.is_object()) variant["cascade"] = header.cascade;
  return variant;
}

using Summary = Json (*)(const Study&);
constexpr std::pair<std::string_view, Summary> summaries[] = {{"decoding", decoding_summary},
                                                              {"ablation", ablation_summary},
                                                              {"cascade", cascade_summary},
                                                              {"published", published_summary},
                                                              {"link-validation", link_validation}};

}  // namespace

Json ratio(double a, double b) { return b > 0 ? Json(a / b) : Json(); }

bool is_summary(const Json& name) {
  return std::any_of(std::begin(summaries), std::end(summaries),
                     [&](const auto& s) { return name == s.first; });
}

Json summarise(const Study& study) {
  const Json scenario = study.runs.empty() ? Json() : study.runs[0].header.scenario;
  if (!scenario.is_object() || !scenario.contains("summary")) return decoding_summary(study);
  std::vector<std::string> known;
  for (const auto& [name, summary] : summaries) {
    if (scenario["summary"] == name) return summary(study);
    known.push_back(fmt::format("\"{}\"", name));
  }
  throw engine::Error("summary {}: expected {}", scenario["summary"].dump(), fmt::join(known, ", "));
}

Json decoding_summary(const Study& study) {
  struct Group {
    Json variant;
    Totals totals;
  };
  std::map<std::tuple<Condition, std::string, std::string>, Group> groups;
  for (const Observation& o : study.steps) {
    const Json variant = variant_of(study.runs[o.run].header);
    Group& group = groups[{o.condition, o.drafter, variant.dump()}];
    group.variant = variant;
    group.totals.add(o);
  }
  Json j = {{"schema_version", summary_schema_version},
            {"kind", "summary"},
            {"compute", study.runs.empty() ? Json() : Json(study.runs[0].header.compute)},
            {"results", Json::array()}};
  for (const auto& [key, group] : groups) {
    Json& result = j["results"].emplace_back(model::to_json(std::get<0>(key)));
    result["drafter"] = std::get<1>(key);
    result.update(group.variant);
    group.totals.write(result);
    std::vector<engine::Check> checks;
    for (const std::size_t run : group.totals.runs)
      checks.insert(checks.end(), study.runs[run].checks.begin(), study.runs[run].checks.end());
    if (!checks.empty()) result["checks"] = checks_summary(checks);
    std::vector<engine::Outage> outages;
    for (const std::size_t run : group.totals.runs)
      outages.insert(outages.end(), study.runs[run].outages.begin(), study.runs[run].outages.end());
    if (!outages.empty()) result["outages"] = outages_summary(outages);
  }
  return j;
}

}  // namespace splitwan::analysis
