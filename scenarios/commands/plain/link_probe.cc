#include "scenarios/commands/plain/link_probe.hh"

#include <fmt/format.h>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/base/units.hh"
#include "model/ask/projection.hh"
#include "scenarios/commands/plain/model_question.hh"
#include "scenarios/commands/plain/model_tables.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/probe/probe.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {
namespace {

std::string way_row(const ProbedPath& p, const ProbedWay& w, const char* name) {
  std::string row = w.goodput_bps > 0
                        ? fmt::format("{}  {}{:.4g} Mbit/s ({:.4g} of messages)", name,
                                      w.at_least ? "at least " : "", p.rate_bps(w) / 1e6, w.goodput_bps / 1e6)
                        : fmt::format("{}  rate not told", name);
  if (w.first_window > 0) row += fmt::format("; a new connection begins with {} segments", w.first_window);
  if (w.rested_window > 0) row += fmt::format("; {} after {:.1f} s of rest", w.rested_window, w.rested_s);
  if (w.falls == false) row += fmt::format("; the window outlasts {:.1f} s of rest", w.rested_s);
  return row + "\n";
}

std::string probe_table(const ProbedPath& p) {
  const netsim::Spread& r = p.round_trip;
  std::string text = fmt::format(
      "{} ({}), measured in {:.1f} s\nround trip  least {:.3f} ms, median {:.3f}, mean {:.3f}, 95th "
      "percentile "
      "{:.3f}, spread {:.3f} ({} pings)\nconnecting  {:.1f} ms until bytes can be sent, {:.1f} ms until a "
      "session begins\n",
      p.path, p.protection, p.elapsed_s, r.least_s * 1e3, p.median_s * 1e3, r.mean_s * 1e3, r.p95_s * 1e3,
      r.spread_s * 1e3, r.count, p.connect_s * 1e3, p.session_s * 1e3);
  text += way_row(p, p.up, "up  ") + way_row(p, p.down, "down");
  if (p.sent_again > 0) text += fmt::format("sent again up: {} segments\n", p.sent_again);
  for (const std::string& what : p.cannot_tell) text += "not told: " + what + "\n";
  return text;
}

struct Expected {
  std::vector<std::string> assumptions;
  std::vector<model::Point> points;  // one per drafter
};

Expected expected(const std::string& file, const ProbedPath& path) {
  const model::LatencyModel m = model::read_model_file(file);
  const model::Condition c = condition_on(path, m);
  Expected e{caveats(m), {}};
  e.assumptions.push_back(queue_assumed(c));
  e.assumptions.push_back("nothing is lost by chance: some seconds tell nothing of it");
  for (const auto& d : m.drafters) e.points.push_back(project(m, c, d.drafter));
  return e;
}

}  // namespace

CLI::Option* add_probe_options(CLI::App& command, ProbeOptions& o) {
  auto* probe = command.add_option(
      "--probe", o.server,
      "HOST:PORT or unix:PATH of a running `splitwan serve`: make no link, measure the path to it (round "
      "trips, rates, windows) in under 10 s; -o writes what network.probe and project --probe read");
  command
      .add_option("--model", o.model,
                  "with --probe: the tokens per second that this model expects there (from `splitwan fit`)")
      ->needs(probe);
  command.add_option("--timeout", o.timeout, "with --probe: for all of it")->capture_default_str();
  add_protection_options(command, o.protection, engine::Side::caller);
  return probe;
}

int probe_link(const ProbeOptions& o, const std::string& output, bool json) {
  engine::check_output(output);
  if (!o.model.empty()) model::read_model_file(o.model);  // before anything is measured
  NetworkChoice to;
  to.server = o.server;
  to.protection = o.protection;
  ProbeTerms terms;
  terms.token = token_of(o.protection);
  terms.patience = engine::parse_duration(o.timeout);
  ProbedPath path;
  {
    Progress progress;
    std::size_t done = 0;
    terms.progress = [&](const std::string& what) { progress.show(done++, 5, what); };
    path = probe_path(engine::parse_endpoint(o.server), streams_for(to), terms);
  }
  Json j = to_json(path);
  std::string words = probe_table(path);
  if (!o.model.empty()) {
    const Expected e = expected(o.model, path);
    j["projection"] = {{"assumptions", e.assumptions}, {"points", Json::array()}};
    for (const model::Point& p : e.points) j["projection"]["points"].push_back(to_json(p));
    words += "\n" + projection_table(e.points, e.assumptions);
  }
  show_result(output, json, j, words);
  return 0;
}

}  // namespace splitwan::scenarios
