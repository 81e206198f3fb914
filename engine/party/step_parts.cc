#include "engine/party/step_parts.hh"

#include <utility>

namespace splitwan::engine {

void StepParts::add(const Span& s) {
  switch (s.op) {
    case Op::work: {
      const double took = seconds(s.end - s.begin);
      work_s += took;
      if (s.phase == Phase::draft || s.phase == Phase::verify) {
        (s.phase == Phase::draft ? draft_s : verify_s) += took;
        break;
      }
      if (bytes_up == 0) lead_s += took;
      if (answered_ > 0)
        exchanges[answered_ - 1].tail_s += took;
      else
        unsent_s_ += took;
      if (s.phase == Phase::head) head_rows += s.rows;
      break;
    }
    case Op::send:
      bytes_up += static_cast<double>(s.bytes);
      sent_rows += s.rows;
      rows = s.rows;
      last_bytes_up = static_cast<double>(s.bytes);
      sent = s.begin;
      exchanges.push_back({.rows = rows,
                           .context = static_cast<double>(s.context),
                           .bytes_up = last_bytes_up,
                           .lead_s = std::exchange(unsent_s_, 0)});
      break;
    case Op::recv:
      if (answered_ < exchanges.size()) {
        exchanges[answered_].bytes_down = static_cast<double>(s.bytes);
        exchanges[answered_++].held_s = seconds(s.held);
      }
      bytes_down += static_cast<double>(s.bytes);
      last_bytes_down = static_cast<double>(s.bytes);
      arrived = s.arrived;
      held = s.held;
      flights = s.flights;
      cwnd = s.cwnd;
      tcp = s.tcp;
      retransmits += s.retransmits;
      ++round_trips;
      break;
  }
}

StepParts parts_of(std::span<const Span> spans) {
  StepParts parts;
  for (const Span& s : spans) parts.add(s);
  return parts;
}

}  // namespace splitwan::engine
