#include "engine/party/step_parts.hh"

namespace splitwan::engine {

void StepParts::add(const Span& s) {
  switch (s.op) {
    case Op::work: {
      const double took = seconds(s.end - s.begin);
      work_s += took;
      if (bytes_up == 0) lead_s += took;
      if (s.phase == Phase::draft) draft_s += took;
      if (s.phase == Phase::verify) verify_s += took;
      if (s.phase == Phase::head) head_rows += s.rows;
      break;
    }
    case Op::send:
      bytes_up += static_cast<double>(s.bytes);
      sent_rows += s.rows;
      rows = s.rows;
      last_bytes_up = static_cast<double>(s.bytes);
      sent = s.begin;
      break;
    case Op::recv:
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
