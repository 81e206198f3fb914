// Writing model.json: a latency model as a file people read. Means are written for them, and not read back.
#include <cmath>

#include "model/fit/latency_model.hh"

namespace splitwan::model {
namespace {

// Infinity (an unlimited rate) and NaN (an unknown error) are null in JSON.
Json finite(double v) { return std::isfinite(v) ? Json(v) : Json(); }

Json json(const Coefficient& c) { return {{"value", c.value}, {"error", finite(c.error)}}; }
Json json(const Range& r) { return {{"low", finite(r.low)}, {"high", finite(r.high)}}; }
Json json(const WorkCost& w) {
  return {{"fixed_s", json(w.fixed_s)},
          {"per_row_s", json(w.per_row_s)},
          {"per_row_context_s", json(w.per_row_context_s)}};
}
Json json(const WorkNoise& noise) {
  Json runs = Json::array();
  for (const auto& run : noise.runs) {
    Json steps = Json::array();
    for (const double s : run) steps.push_back(std::llround(s * 1e6));
    runs.push_back(std::move(steps));
  }
  return runs;
}
Json json(const PhaseModel& p) {
  return {{"client", json(p.client)},         {"server", json(p.server)},
          {"overhead_s", json(p.overhead_s)}, {"client_lead_share", p.lead_share},
          {"stragglers_s", p.stragglers_s},   {"residual_s", p.residual_s},
          {"noise_us", json(p.noise)},        {"steps", p.steps}};
}
Json json(const StepShape& s) {
  return {{"rows", s.rows},
          {"share", s.share},
          {"context", s.context},
          {"bytes_up", s.bytes_up},
          {"bytes_down", s.bytes_down}};
}
Json json(const ClassAcceptance& c) {
  return {{"class", c.prompt_class}, {"prompts", c.prompts},
          {"steps", c.steps},        {"tokens_per_step", c.tokens_per_step},
          {"log_mean", c.log_mean},  {"log_spread", c.log_spread}};
}
Json json(const DrafterModel& d) {
  const StepShape mean = d.mean_shape();
  Json j = {{"drafter", d.drafter},
            {"runs", d.runs},
            {"steps", d.steps},
            {"tokens_per_step", d.tokens_per_step()},
            {"rows_per_step", mean.rows},
            {"bytes_up_per_step", mean.bytes_up},
            {"bytes_down_per_step", mean.bytes_down},
            {"steps_per_run", d.steps_per_run()},
            {"draft_s", d.draft_s},
            {"accepted", d.acceptance.steps_by_tokens},
            {"prompt", json(d.prompt)},
            {"prompts", Json::array()},
            {"shapes", Json::array()},
            {"all_prompts", json(d.acceptance.all)},
            {"classes", Json::array()}};
  for (const StepShape& s : d.shapes) j["shapes"].push_back(json(s));
  for (const StepShape& s : d.prompts) j["prompts"].push_back(json(s));
  for (const auto& c : d.acceptance.classes) j["classes"].push_back(json(c));
  return j;
}

}  // namespace

Json to_json(const Components& c) {
  return {{"rtt_s", c.rtt_s},       {"wire_s", c.wire_s},         {"client_s", c.client_s},
          {"server_s", c.server_s}, {"overhead_s", c.overhead_s}, {"loss_s", c.loss_s()},
          {"jitter_s", c.jitter_s}};
}

Json to_json(const LatencyModel& m) {
  Json fitted_on = m.source;
  fitted_on["drafters"] = Json::array();
  for (const DrafterModel& d : m.drafters) fitted_on["drafters"].push_back(d.drafter);
  const auto list = [](const std::vector<FittedCondition>& conditions) {
    Json all = Json::array();
    for (const FittedCondition& c : conditions) {
      Json& j = all.emplace_back(to_json(c.condition));
      j["runs"] = c.runs;
      j["steps"] = c.steps;
    }
    return all;
  };
  fitted_on["conditions"] = list(m.conditions);
  if (!m.left_out.empty()) fitted_on["left_out"] = list(m.left_out);
  Json j = {
      {"schema_version", model_schema_version}, {"kind", model_kind}, {"fitted_on", std::move(fitted_on)}};
  j["decode"] = json(m.decode);
  j["prefill"] = m.prefill ? json(*m.prefill) : Json();
  j["initial_window_segments"] = m.initial_window;
  j["chance"] = {
      {"loss", json(m.chance.loss)}, {"jitter", json(m.chance.jitter)}, {"applied", m.chance.applied}};
  j["ranges"] = {{"rtt_s", json(m.rtt_s)},    {"up_bps", json(m.up_bps)},     {"down_bps", json(m.down_bps)},
                 {"loss", json(m.loss)},      {"jitter_s", json(m.jitter_s)}, {"rows", json(m.rows)},
                 {"context", json(m.context)}};
  j["drafters"] = Json::array();
  for (const DrafterModel& d : m.drafters) j["drafters"].push_back(json(d));
  for (const DrafterModel& d : m.rehearsed) j["rehearsed"].push_back(json(d));
  for (const auto& [key, value] : m.validation.items()) j[key] = value;
  return j;
}

}  // namespace splitwan::model
