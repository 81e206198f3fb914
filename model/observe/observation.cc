#include "model/observe/observation.hh"

#include <limits>
#include <unordered_map>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"

namespace splitwan::model {
namespace {

using engine::Nanos;
using engine::Op;
using engine::Phase;
using engine::Run;
using engine::seconds;
using engine::Span;
using engine::Step;

using engine::roles::client;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 36;

double number_or(const Json& object, const char* key, double otherwise, const std::string& where) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return otherwise;
  if (!it->is_number()) throw engine::Error("{}: {}: expected a number, found {}", where, key, it->dump());
  return it->get<double>();
}

double within(double low, double high, const Json& object, const char* key, const std::string& where) {
  const double value = number_or(object, key, 0, where);
  if (value >= low && value <= high) return value;
  throw engine::Error("{}: {}: expected {:g} to {:g}, found {:g}", where, key, low, high, value);
}

double rate_of(const Json& object, const char* key, const std::string& where) {
  const double rate = within(0, 1e18, object, key, where);
  return rate > 0 ? rate : std::numeric_limits<double>::infinity();
}

std::string text_at(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// What is the same for every step of a run.
Observation start(const Run& run, std::size_t index) {
  const std::string where = fmt::format("run {}", index);
  Observation o;
  o.run = index;
  if (!run.header.contains("conditions")) throw engine::Error("{}: the header has no conditions", where);
  o.condition = condition_of(run.header["conditions"], where + ": conditions");
  o.drafter = text_at(run.header, "drafter");
  if (o.drafter.empty()) throw engine::Error("{}: the header names no drafter", where);
  if (const auto prompt = run.header.find("prompt"); prompt != run.header.end() && prompt->is_object()) {
    o.prompt = text_at(*prompt, "name");
    o.prompt_class = text_at(*prompt, "class");
  }
  return o;
}

void add(Observation& o, const Span& span, Nanos& sent, Nanos& arrived) {
  const double took = seconds(span.end - span.begin);
  if (span.bytes > most_bytes)
    throw engine::Error("run {}: step {}: a message of {} bytes: expected {} at most", o.run, span.step,
                        span.bytes, most_bytes);
  if (span.op == Op::recv) o.retransmits += span.retransmits;
  if (span.party != client) {
    if (span.op == Op::recv) o.flights_up = span.flights;
    return;
  }
  switch (span.op) {
    case Op::work:
      o.client_s += took;
      if (o.bytes_up == 0) o.lead_s += took;
      if (span.phase == Phase::draft || span.phase == Phase::verify) o.draft_s += took;
      break;
    case Op::send:
      o.bytes_up += static_cast<double>(span.bytes);
      sent = span.begin;
      break;
    case Op::recv:
      o.bytes_down += static_cast<double>(span.bytes);
      o.flights_down = span.flights;
      o.server_s = seconds(span.held);  // of a prompt's chunks the last reply is the one that is waited for
      arrived = span.arrived;
      o.tcp = span.tcp;
      ++o.round_trips;
      break;
  }
}

Observation observe_step(Observation o, const Step& step, const std::vector<const Span*>& spans) {
  o.prefill = step.prefill;
  o.rows = step.sent > 0 ? step.sent : step.rows;
  o.context = step.context;
  o.drafted = step.drafted;
  o.accepted = step.accepted;
  o.total_s = seconds(step.end - step.begin);
  if (!(o.total_s >= 0)) throw engine::Error("run {}: step {} ends before it begins", o.run, step.step);
  if (!o.prefill && o.accepted == 0)
    throw engine::Error("run {}: step {} gained no token: expected 1 or more", o.run, step.step);
  Nanos sent{}, arrived{};
  for (const Span* span : spans) add(o, *span, sent, arrived);
  if (o.crossed()) o.network_s = seconds(arrived - sent) - o.server_s;
  o.overhead_s = o.total_s - o.client_s - o.network_s - o.server_s;
  return o;
}

std::string megabits(double bps) { return std::isinf(bps) ? "unlimited" : fmt::format("{:g}", bps / 1e6); }

}  // namespace

Json to_json(const Condition& c) {
  const auto rate = [](double bps) { return std::isinf(bps) ? Json() : Json(bps); };
  Json j = {{"network", c.network},
            {"rtt_s", c.rtt_s},
            {"up_bps", rate(c.up_bps)},
            {"down_bps", rate(c.down_bps)},
            {"loss", c.loss}};
  if (c.jitter_s > 0) j["jitter_s"] = c.jitter_s;
  return j;
}

Condition condition_of(const Json& object, const std::string& where) {
  if (!object.is_object()) throw engine::Error("{}: expected an object, found {}", where, object.type_name());
  constexpr double longest_s = 3600;
  return {text_at(object, "network"),
          within(0, longest_s, object, "rtt_s", where),
          rate_of(object, "up_bps", where),
          rate_of(object, "down_bps", where),
          within(0, 0.999, object, "loss", where),
          within(0, longest_s, object, "jitter_s", where)};
}

std::string bandwidth_label(const Condition& c) {
  if (c.up_bps == c.down_bps) return std::isinf(c.up_bps) ? "unlimited" : megabits(c.up_bps) + " Mbit/s";
  return fmt::format("{}/{} Mbit/s", megabits(c.up_bps), megabits(c.down_bps));
}

std::string label(const Condition& c) {
  if (c.network == "sockets" && c.rtt_s == 0) return "live connection";
  std::string text = fmt::format("{:g} ms, {}", c.rtt_s * 1e3, bandwidth_label(c));
  if (c.loss > 0) text += fmt::format(", {:g} % loss", c.loss * 100);
  if (c.jitter_s > 0) text += fmt::format(", jitter {:g} ms", c.jitter_s * 1e3);
  return text;
}

std::vector<Observation> observe(const std::vector<Run>& runs) {
  std::vector<Observation> observations;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Observation common = start(runs[i], i);
    std::unordered_map<std::uint64_t, std::vector<const Span*>> by_step;
    for (const Span& span : runs[i].spans) by_step[span.step].push_back(&span);
    for (const Step& step : runs[i].steps)
      observations.push_back(observe_step(common, step, by_step[step.step]));
  }
  return observations;
}

}  // namespace splitwan::model
