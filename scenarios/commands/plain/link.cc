
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/json.hh"
#include "engine/base/output_file.hh"
#include "engine/base/units.hh"
#include "netsim/kernel/link_session.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/plain/link_probe.hh"
#include "scenarios/commands/plain/link_record.hh"
#include "scenarios/console/console.hh"
#include "scenarios/imports/tc_netem.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;
using engine::seconds;
using netsim::EmulatedLink;
using netsim::LinkTime;

struct LinkOptions {
  std::string link = "rtt=80ms,rate=100Mbit", loss, client, server, output;
  std::string engine = netsim::link_engines().front().name;
  std::string lateness_limit, patience = "60s", emit_device;
  RecordOptions record;
  ProbeOptions probe;
  std::uint64_t seed = 1;
  bool json = false;
};

netsim::LinkPair parse_pair(const LinkOptions& o) {
  const NetworkChoice network = parse_link(o.link);
  for (const std::string& what : network.unknown) remark("link: {}", what);
  if (network.sessions.count > 0)
    throw Error("link: sessions: nobody else is on an emulated link: expected none, found {}",
                network.sessions.count);
  netsim::LinkPair pair{network.up, network.down};
  if (!o.loss.empty()) pair.up.loss = pair.down.loss = engine::parse_fraction(o.loss);
  return pair;
}

// "tun or ns3": what `each` says of every engine.
std::string engines_text(const char* between, std::string (*each)(const netsim::LinkEngineRow&)) {
  std::string text;
  for (const netsim::LinkEngineRow& row : netsim::link_engines())
    text += (text.empty() ? "" : between) + each(row);
  return text;
}

std::size_t engine_named(const std::string& name) {
  const auto engines = netsim::link_engines();
  const auto row = std::ranges::find(engines, name, &netsim::LinkEngineRow::name);
  if (row == engines.end())
    throw Error("link: engine '{}': expected {}", name,
                engines_text(" or ", [](const auto& r) { return std::string(r.name); }));
  return static_cast<std::size_t>(row - engines.begin());
}

Json to_json(const netsim::LinkCounts& counts, LinkTime elapsed) {
  return {{"packets", counts.packets},
          {"bytes", counts.bytes},
          {"queue_drops", counts.queue_drops},
          {"lost", counts.lost},
          {"most_queued_bytes", counts.most_queued},
          {"utilisation", seconds(counts.busy) / seconds(elapsed)}};
}

std::string table(const netsim::LinkReport& r) {
  const auto us = [](LinkTime t) { return static_cast<double>(t.count()) / 1e3; };
  std::string text =
      fmt::format("link: lateness mean {:.1f} us, p99 {:.1f} us, max {:.1f} us over {:.1f} s\n",
                  us(r.lateness.mean), us(r.lateness.p99), us(r.lateness.max), seconds(r.elapsed));
  for (const auto& [name, c] : {std::pair("up  ", r.up), std::pair("down", r.down)})
    text += fmt::format("link: {}  {} packets, {} dropped by the queue, {} lost, {:.1f} % utilised\n", name,
                        c.packets, c.queue_drops, c.lost, 100 * seconds(c.busy) / seconds(r.elapsed));
  return text;
}

void print(const LinkOptions& o, const Json& j, const std::string& words) {
  if (!o.output.empty()) engine::write_file(o.output, j.dump(2) + "\n");
  const std::string text = o.json ? j.dump(2) + "\n" : words;
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

Json result(const LinkOptions& o, const EmulatedLink& link, const netsim::LinkReport& r, int code,
            LinkTime limit) {
  return {{"schema_version", 1},
          {"engine", o.engine},
          {"link", o.link},
          {"seed", o.seed},
          {"realtime", r.realtime},
          {"default_congestion", link.client().congestion()},
          {"elapsed_s", seconds(r.elapsed)},
          {"lateness_mean_s", seconds(r.lateness.mean)},
          {"lateness_p99_s", seconds(r.lateness.p99)},
          {"lateness_max_s", seconds(r.lateness.max)},
          {"lateness_limit_s", seconds(limit)},
          {"up", to_json(r.up, r.elapsed)},
          {"down", to_json(r.down, r.elapsed)},
          {"client_exit_code", code}};
}

// No link is made: the path is there.
int record_live(const LinkOptions& o) {
  const netsim::NetNamespace here("/proc/self/ns/net");
  PathRecorder recorder(o.record, here);
  const int code = netsim::run_client_in(here, o.client, o.json);
  const netsim::Recording found = recorder.finish();
  print(o, {{"schema_version", 1}, {"recording", recording_json(found)}, {"client_exit_code", code}},
        recording_table(found));
  return code;
}

int emit(const LinkOptions& o) {
  netsim::LinkPair pair = parse_pair(o);
  const LinkTime rtt = pair.up.delay + pair.down.delay;
  netsim::resolve_queues(pair.up, rtt);
  netsim::resolve_queues(pair.down, rtt);
  fmt::print("# at the client\n{}# at the server\n{}", emit_tc(pair.up, o.emit_device),
             emit_tc(pair.down, o.emit_device));
  return 0;
}

int link_command(const LinkOptions& o) {
  if (!o.probe.server.empty()) return probe_link(o.probe, o.output, o.json);
  if (!o.emit_device.empty()) return emit(o);
  const std::size_t engine = engine_named(o.engine);
  const LinkTime limit = o.lateness_limit.empty() ? netsim::link_engines()[engine].usual_lateness
                                                  : engine::parse_duration(o.lateness_limit);
  engine::check_output(o.record.file);
  if (o.record.file.empty() && !o.record.watch.empty())
    throw Error("link: --watch {}: expected --record FILE with it, found none", o.record.watch);
  if (!o.record.file.empty() && o.client.empty())
    throw Error("link: --record {}: expected --client with it, found none", o.record.file);
  netsim::block_signals();  // before there is any other thread
  if (o.record.live()) return record_live(o);
  EmulatedLink link(parse_pair(o), o.seed, static_cast<netsim::LinkEngine>(engine));
  if (const std::string congestion = link.client().congestion(); congestion != "cubic")
    remark(
        "link: sockets that ask for nothing get {}: this kernel keeps cubic from namespaces unless it is "
        "in net.ipv4.tcp_allowed_congestion_control",
        congestion);
  std::optional<PathRecorder> recorder;
  if (!o.record.file.empty()) recorder.emplace(o.record, link.client());
  const int code =
      netsim::LinkSession(link, {o.client, o.server, engine::parse_duration(o.patience), o.json}).run();
  const netsim::LinkReport report = link.report();
  Json j = result(o, link, report, code, limit);
  std::string words = table(report);
  if (recorder) {
    const netsim::Recording found = recorder->finish();
    j["recording"] = recording_json(found);
    words += recording_table(found);
  }
  print(o, j, words);
  if (report.lateness.mean <= limit) return code;
  remark(
      "splitwan: link: mean lateness {:.1f} us is above the limit of {:.1f} us: this machine was too busy "
      "for what was measured to hold",
      seconds(report.lateness.mean) * 1e6, seconds(limit) * 1e6);
  return code == 0 ? 1 : code;
}

}  // namespace

void add_link_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<LinkOptions>();
  command
      .add_option("--link", o->link,
                  "a preset, or settings as in rtt=80ms,rate=100Mbit,jitter=2ms,loss=0.1%,queue=4MB")
      ->capture_default_str();
  command.add_option("--loss", o->loss, "packets lost by chance each way, as in 0.5%");
  command
      .add_option("--engine", o->engine,
                  engines_text("; ", [](const auto& r) { return fmt::format("{}: {}", r.name, r.help); }))
      ->capture_default_str();
  command.add_option("--server", o->server,
                     "command for the server's side, started first; {server} in it is its address");
  command.add_option("--client", o->client,
                     "command for the client's side, started when the server listens; its exit code is ours");
  command.add_option("--patience", o->patience, "for the server to listen")->capture_default_str();
  command.add_option("--lateness-limit", o->lateness_limit,
                     "exit with 1 when packets were later on average (default: 100us; ns3: 500us)");
  command.add_option("--emit-tc", o->emit_device,
                     "run nothing: print the tc commands that make this link of DEVICE (eth0) at both ends");
  command.add_option(
      "--record", o->record.file,
      "watch the client's connection with packets and probes, and write what the path is like to this "
      "file, for network.replay");
  command.add_option(
      "--watch", o->record.watch,
      "HOST:PORT that is watched: {server}:PORT over the emulated link, any other is a path that is "
      "there: no link is made (default: all TCP to {server})");
  auto* probe = add_probe_options(command, o->probe);
  for (const char* other :
       {"--link", "--loss", "--engine", "--server", "--client", "--emit-tc", "--record", "--watch"})
    probe->excludes(command.get_option(other));  // the path is there already
  command.add_option("--seed", o->seed, "of what is lost")->capture_default_str();
  command.add_option("-o,--output", o->output, "also write the JSON result to this file");
  command.add_flag("--json", o->json, "print one JSON object (what the commands print then goes to stderr)");
  command.callback([o, &chosen] { chosen = [o] { return link_command(*o); }; });
}

}  // namespace splitwan::scenarios
