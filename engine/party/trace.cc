#include "engine/party/trace.hh"

#include <filesystem>
#include <fstream>
#include <utility>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/party/instant.hh"

namespace splitwan::engine {
namespace {

constexpr std::string_view op_names[] = {"work", "send", "recv"};

Op op_named(const std::string& name) {
  for (std::size_t i = 0; i < std::size(op_names); ++i) {
    if (op_names[i] == name) return static_cast<Op>(i);
  }
  throw Error("unknown op '{}'", name);
}

Span span_of(const Json& json) {
  ObjectReader r(json, "span");
  Span s;
  s.step = r.need<std::uint64_t>("step");
  s.party = r.need<std::uint32_t>("party");
  s.op = op_named(r.need<std::string>("op"));
  s.begin = instant(r, "begin_ns");
  s.end = instant(r, "end_ns");
  s.rows = r.need<std::uint32_t>("rows");
  s.context = r.need<std::uint32_t>("context");
  if (s.op == Op::work) {
    s.phase = phase_named(r.need<std::string>("phase"));
    return s;
  }
  s.peer = r.need<std::uint32_t>("peer");
  s.bytes = r.need<std::uint64_t>("bytes");
  if (s.op == Op::recv) {
    s.arrived = instant(r, "arrived_ns");
    s.held = instant(r, "held_ns");
    s.flights = r.need<std::uint32_t>("flights");
    s.cwnd = r.get("cwnd", s.cwnd);
    s.retransmits = r.get("retransmits", s.retransmits);
    s.tcp.rtt = instant(r, "tcp_rtt_ns", s.tcp.rtt);
    s.tcp.rtt_spread = instant(r, "tcp_rtt_spread_ns", s.tcp.rtt_spread);
    s.tcp.window = r.get("tcp_window", s.tcp.window);
    s.tcp.coming = instant(r, "tcp_coming_ns", s.tcp.coming);
    s.tcp.came = r.get("tcp_came", s.tcp.came);
    s.tcp.delivered_bps = r.get("tcp_delivered_bps", s.tcp.delivered_bps);
    s.tcp.probe = instant(r, "tcp_probe_ns", s.tcp.probe);
    s.tcp.probe_bytes = r.get("tcp_probe_bytes", s.tcp.probe_bytes);
    s.tcp.peer_retransmits = r.get("tcp_peer_retransmits", s.tcp.peer_retransmits);
    s.tcp.tls = instant(r, "tls_ns", s.tcp.tls);
  }
  return s;
}

Step step_of(const Json& json) {
  ObjectReader r(json, "step");
  Step s;
  s.step = r.need<std::uint64_t>("step");
  s.prefill = r.need<bool>("prefill");
  s.begin = instant(r, "begin_ns");
  s.end = instant(r, "end_ns");
  s.rows = r.need<std::uint32_t>("rows");
  s.context = r.need<std::uint32_t>("context");
  s.sent = r.get("sent", s.sent);
  s.drafted = r.need<std::uint32_t>("drafted");
  s.accepted = r.need<std::uint32_t>("accepted");
  s.reason = r.get("reason", s.reason);
  return s;
}

// What others count on.
void check_end(const Json& end) {
  ObjectReader r(end, "end");
  r.get("output_ids", std::vector<std::int32_t>());
  r.get("total_ns", std::int64_t{});
  if (r.find("privacy")) r.child("privacy");
}

class TraceReader {
 public:
  TraceReader(const std::string& name, bool may_be_cut_off) : name_(name), may_be_cut_off_(may_be_cut_off) {}

  // False: it is torn, and the last one of a file that may be.
  bool take_line(const std::string& line, bool ends) {
    if (nests_too_deeply(line)) throw Error("nested over 100 deep");
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() && !ends && partial_) return false;
    if (!json.is_object()) throw Error("expected a JSON object, found {}", line.substr(0, 40));
    try {
      take(json);
    } catch (const Json::exception&) {  // of what nobody has asked an ObjectReader for
      throw Error("a value is of another type than its key has");
    }
    return true;
  }

  std::vector<Run> end(std::string* cut_off) {
    if (open_ && !partial_) throw Error("{}: the last run has no end line: the trace is cut off", name_);
    if (open_) cut(*cut_off);
    if (runs_.empty()) throw Error("{}: holds no {}run", name_, partial_ ? "finished " : "");
    for (Run& run : runs_) run.file = name_;
    return std::move(runs_);
  }

 private:
  void take(const Json& j) {
    const auto type = ObjectReader(j, "line").need<std::string>("type");
    if (type == "partial" && runs_.empty()) {
      if (!may_be_cut_off_) throw Error("of a run that has not ended; 'splitwan fit' and 'report' read it");
      partial_ = true;
      return;
    }
    ObjectReader(j, type).need<std::uint64_t>("run");
    if (type == "run") {
      if (open_) throw Error("a run begins before the last one ended");
      runs_.emplace_back().header = run_header_of(j, "run");
      open_ = true;
      return;
    }
    if (!open_) throw Error("a '{}' line outside a run", type);
    Run& run = runs_.back();
    if (type == "span") {
      run.spans.push_back(span_of(j));
    } else if (type == "step") {
      run.steps.push_back(step_of(j));
    } else if (type == "check") {
      run.checks.push_back(check_of(j));
    } else if (type == "outage") {
      run.outages.push_back(outage_of(j));
    } else if (type == "end") {
      check_end(j);
      run.end = j;
      open_ = false;
    } else {
      throw Error("unknown line type '{}'", type);
    }
  }

  // Of the last run its whole steps; one that has only its prompt tells nothing.
  void cut(std::string& cut_off) {
    Run& run = runs_.back();
    const std::uint64_t last = run.steps.empty() ? 0 : run.steps.back().step;
    std::erase_if(run.spans, [&](const Span& s) { return s.step > last; });
    run.end = {{"type", "end"}, {"run", run.header.run}, {"finish", "cut off"}};
    cut_off = fmt::format("{}: the last run ({}{}) is cut off after step {}", name_, run.header.drafter,
                          run.header.prompt ? ", prompt " + run.header.prompt->name : "", last);
    if (run.steps.size() < 2) runs_.pop_back();
  }

  const std::string& name_;
  bool may_be_cut_off_, partial_ = false, open_ = false;
  std::vector<Run> runs_;
};

}  // namespace

std::string line_of(const Span& s, std::uint64_t run) {
  std::string line = fmt::format(R"({{"type":"span","run":{},"step":{},"party":{},"op":"{}",)", run, s.step,
                                 s.party, op_names[static_cast<int>(s.op)]);
  auto out = std::back_inserter(line);
  if (s.op == Op::work) {
    fmt::format_to(out, R"("phase":"{}",)", name_of(s.phase));
  } else {
    fmt::format_to(out, R"("peer":{},"bytes":{},)", s.peer, s.bytes);
  }
  fmt::format_to(out, R"("begin_ns":{},"end_ns":{},)", s.begin.count(), s.end.count());
  if (s.op == Op::recv) {
    fmt::format_to(out, R"("arrived_ns":{},"held_ns":{},"flights":{},)", s.arrived.count(), s.held.count(),
                   s.flights);
    if (s.cwnd > 0) fmt::format_to(out, R"("cwnd":{},)", s.cwnd);
    if (s.retransmits > 0) fmt::format_to(out, R"("retransmits":{},)", s.retransmits);
    if (s.tcp != TcpSample{})
      fmt::format_to(out, R"("tcp_rtt_ns":{},"tcp_rtt_spread_ns":{},"tcp_window":{},)", s.tcp.rtt.count(),
                     s.tcp.rtt_spread.count(), s.tcp.window);
    if (s.tcp.came > 0)
      fmt::format_to(out, R"("tcp_coming_ns":{},"tcp_came":{},)", s.tcp.coming.count(), s.tcp.came);
    if (s.tcp.delivered_bps > 0) fmt::format_to(out, R"("tcp_delivered_bps":{},)", s.tcp.delivered_bps);
    if (s.tcp.probe_bytes > 0)
      fmt::format_to(out, R"("tcp_probe_ns":{},"tcp_probe_bytes":{},"tcp_peer_retransmits":{},)",
                     s.tcp.probe.count(), s.tcp.probe_bytes, s.tcp.peer_retransmits);
    if (s.tcp.tls > Nanos{}) fmt::format_to(out, R"("tls_ns":{},)", s.tcp.tls.count());
  }
  fmt::format_to(out, R"("rows":{},"context":{}}})", s.rows, s.context);
  return line;
}

std::string line_of(const Step& s, std::uint64_t run) {
  const std::string reason =
      s.reason.empty() ? ""
                       : fmt::format(R"(,"reason":{})",
                                     Json(s.reason).dump(-1, ' ', false, Json::error_handler_t::replace));
  const std::string sent = s.sent > 0 ? fmt::format(R"("sent":{},)", s.sent) : "";
  return fmt::format(
      R"({{"type":"step","run":{},"step":{},"prefill":{},"begin_ns":{},"end_ns":{},"rows":{},{}"context":{},"drafted":{},"accepted":{}{}}})",
      run, s.step, s.prefill, s.begin.count(), s.end.count(), s.rows, sent, s.context, s.drafted, s.accepted,
      reason);
}

std::string line_of(const Check& c, std::uint64_t run) {
  Json line = {{"type", "check"}, {"run", run}};
  line.update(to_json(c));
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string line_of(const Outage& o, std::uint64_t run) {
  Json line = {{"type", "outage"}, {"run", run}};
  line.update(to_json(o));
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write(std::ostream& out, const Run& run) {
  const std::uint64_t index = run.header.run;
  out << to_json(run.header).dump() << '\n';
  for (const Span& s : run.spans) out << line_of(s, index) << '\n';
  for (const Step& s : run.steps) out << line_of(s, index) << '\n';
  for (const Check& c : run.checks) out << line_of(c, index) << '\n';
  for (const Outage& o : run.outages) out << line_of(o, index) << '\n';
  out << run.end.dump() << '\n';
}

std::vector<Run> read_trace(std::istream& in, const std::string& name, std::string* cut_off) {
  TraceReader reader(name, cut_off != nullptr);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    try {
      if (!reader.take_line(line, !in.eof())) break;
    } catch (const Error& e) {
      throw Error("{}:{}: not a trace line: {}", name, number, e.what());
    }
  }
  return reader.end(cut_off);
}

std::vector<Run> read_trace_file(const std::string& path, std::string* cut_off) {
  std::ifstream in(path);
  if (!in || std::filesystem::is_directory(path)) throw Error("{}: cannot be opened", path);
  return read_trace(in, path, cut_off);
}

}  // namespace splitwan::engine
