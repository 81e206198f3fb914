#include "engine/party/outage.hh"

#include <algorithm>

#include "engine/base/json_file.hh"
#include "engine/party/instant.hh"

namespace splitwan::engine {

Json to_json(const Outage& o) {
  return {{"step", o.step},
          {"peer", o.peer},
          {"begin_ns", o.begin.count()},
          {"end_ns", o.end.count()},
          {"attempts", o.attempts},
          {"cold", o.cold},
          {"rows_fed", o.rows_fed},
          {"bytes_again", o.bytes_again},
          {"why", o.why}};
}

Outage outage_of(const Json& line) {
  ObjectReader r(line, "outage");
  Outage o;
  o.step = r.need<std::uint64_t>("step");
  o.peer = r.need<PartyId>("peer");
  o.begin = instant(r, "begin_ns");
  o.end = instant(r, "end_ns");
  o.attempts = r.need<std::uint32_t>("attempts");
  o.cold = r.need<bool>("cold");
  o.rows_fed = r.need<std::uint32_t>("rows_fed");
  o.bytes_again = r.need<std::uint64_t>("bytes_again");
  o.why = r.need<std::string>("why");
  return o;
}

Json outages_summary(const std::vector<Outage>& outages) {
  if (outages.empty()) return nullptr;
  Nanos total{}, longest{};
  std::uint64_t attempts = 0, rows = 0, bytes = 0;
  for (const Outage& o : outages) {
    total += o.end - o.begin;
    longest = std::max(longest, o.end - o.begin);
    attempts += o.attempts;
    rows += o.rows_fed;
    bytes += o.bytes_again;
  }
  return {{"count", outages.size()},   {"cold", std::ranges::count_if(outages, &Outage::cold)},
          {"total_s", seconds(total)}, {"longest_s", seconds(longest)},
          {"attempts", attempts},      {"rows_fed", rows},
          {"bytes_again", bytes}};
}

}  // namespace splitwan::engine
