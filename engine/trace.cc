#include "engine/trace.hh"

#include <fstream>

#include "engine/error.hh"

namespace splitwan::engine {
namespace {

constexpr std::string_view op_names[] = {"work", "send", "recv"};

std::string line_of(const Span& s, int run) {
  std::string line = fmt::format(R"({{"type":"span","run":{},"step":{},"party":{},"op":"{}",)", run, s.step, s.party,
                                 op_names[static_cast<int>(s.op)]);
  auto out = std::back_inserter(line);
  if (s.op == Op::work) {
    fmt::format_to(out, R"("phase":"{}",)", name_of(s.phase));
  } else {
    fmt::format_to(out, R"("peer":{},"bytes":{},)", s.peer, s.bytes);
  }
  fmt::format_to(out, R"("begin_ns":{},"end_ns":{},)", s.begin.count(), s.end.count());
  if (s.op == Op::recv) {
    fmt::format_to(out, R"("arrived_ns":{},"held_ns":{},"flights":{},)", s.arrived.count(), s.held.count(), s.flights);
  }
  fmt::format_to(out, R"("rows":{},"context":{}}})", s.rows, s.context);
  return line;
}

std::string line_of(const Step& s, int run) {
  return fmt::format(
      R"({{"type":"step","run":{},"step":{},"prefill":{},"begin_ns":{},"end_ns":{},"rows":{},"context":{},"drafted":{},"accepted":{}}})",
      run, s.step, s.prefill, s.begin.count(), s.end.count(), s.rows, s.context, s.drafted, s.accepted);
}

Op op_named(const std::string& name) {
  for (std::size_t i = 0; i < std::size(op_names); ++i) {
    if (op_names[i] == name) return static_cast<Op>(i);
  }
  throw Error("unknown op '{}'", name);
}

Span span_of(const Json& j) {
  Span s;
  s.step = j.at("step");
  s.party = j.at("party");
  s.op = op_named(j.at("op"));
  s.begin = Nanos(j.at("begin_ns").get<std::int64_t>());
  s.end = Nanos(j.at("end_ns").get<std::int64_t>());
  s.rows = j.at("rows");
  s.context = j.at("context");
  if (s.op == Op::work) {
    s.phase = phase_named(j.at("phase").get<std::string>());
    return s;
  }
  s.peer = j.at("peer");
  s.bytes = j.at("bytes");
  if (s.op == Op::recv) {
    s.arrived = Nanos(j.at("arrived_ns").get<std::int64_t>());
    s.held = Nanos(j.at("held_ns").get<std::int64_t>());
    s.flights = j.at("flights");
  }
  return s;
}

Step step_of(const Json& j) {
  Step s;
  s.step = j.at("step");
  s.prefill = j.at("prefill");
  s.begin = Nanos(j.at("begin_ns").get<std::int64_t>());
  s.end = Nanos(j.at("end_ns").get<std::int64_t>());
  s.rows = j.at("rows");
  s.context = j.at("context");
  s.drafted = j.at("drafted");
  s.accepted = j.at("accepted");
  return s;
}

// Adds one line to the runs read so far.
void take(const Json& j, std::vector<Run>& runs, bool& open) {
  const std::string type = j.at("type");
  if (type == "run") {
    if (open) throw Error("a run begins before the last one ended");
    if (const int version = j.at("schema_version"); version != trace_schema_version) {
      throw Error("schema version {}, this build reads {}", version, trace_schema_version);
    }
    runs.emplace_back().header = j;
    open = true;
    return;
  }
  if (!open) throw Error("a '{}' line outside a run", type);
  Run& run = runs.back();
  if (type == "span") {
    run.spans.push_back(span_of(j));
  } else if (type == "step") {
    run.steps.push_back(step_of(j));
  } else if (type == "end") {
    run.end = j;
    open = false;
  } else {
    throw Error("unknown line type '{}'", type);
  }
}

}  // namespace

void write(std::ostream& out, const Run& run) {
  const int index = run.header.at("run");
  out << run.header.dump() << '\n';
  for (const Span& s : run.spans) out << line_of(s, index) << '\n';
  for (const Step& s : run.steps) out << line_of(s, index) << '\n';
  out << run.end.dump() << '\n';
}

std::vector<Run> read_trace(std::istream& in, const std::string& name) {
  std::vector<Run> runs;
  bool open = false;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    try {
      take(Json::parse(line), runs, open);
    } catch (const std::exception& e) {
      throw Error("{}:{}: not a trace line: {}", name, number, e.what());
    }
  }
  if (open) throw Error("{}: the last run has no end line: the trace is cut off", name);
  if (runs.empty()) throw Error("{}: holds no run", name);
  return runs;
}

std::vector<Run> read_trace_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error("{}: cannot be opened", path);
  return read_trace(in, path);
}

}  // namespace splitwan::engine
