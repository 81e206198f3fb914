#include "engine/party/check.hh"

#include <algorithm>

#include "engine/base/json_file.hh"
#include "engine/party/instant.hh"

namespace splitwan::engine {

Json to_json(const Check& c) {
  Json json = {
      {"step", c.step}, {"peer", c.peer},     {"begin_ns", c.begin.count()}, {"end_ns", c.end.count()},
      {"rows", c.rows}, {"layers", c.layers}, {"bytes_up", c.bytes_up},      {"bytes_down", c.bytes_down}};
  if (!c.failure.empty()) json["failure"] = c.failure;
  return json;
}

Check check_of(const Json& line) {
  ObjectReader r(line, "check");
  Check c;
  c.step = r.need<std::uint64_t>("step");
  c.peer = r.need<PartyId>("peer");
  c.begin = instant(r, "begin_ns");
  c.end = instant(r, "end_ns");
  c.rows = r.need<std::uint32_t>("rows");
  c.layers = r.need<std::vector<int>>("layers");
  c.bytes_up = r.need<std::uint64_t>("bytes_up");
  c.bytes_down = r.need<std::uint64_t>("bytes_down");
  c.failure = r.get("failure", c.failure);
  return c;
}

Json checks_summary(const std::vector<Check>& checks) {
  std::uint64_t up = 0, down = 0;
  Nanos time{};
  for (const Check& c : checks) {
    up += c.bytes_up;
    down += c.bytes_down;
    time += c.end - c.begin;
  }
  return {{"made", checks.size()},
          {"passed", std::ranges::count_if(checks, [](const Check& c) { return c.failure.empty(); })},
          {"bytes_up", up},
          {"bytes_down", down},
          {"time_s", seconds(time)}};
}

}  // namespace splitwan::engine
