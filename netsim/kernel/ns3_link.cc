#include "netsim/kernel/ns3_link.hh"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.hh"
#include "netsim/kernel/emulated_link.hh"

namespace splitwan::netsim {

using engine::Error;
using nlohmann::json;

namespace {

std::string program_path() {
  const auto path = std::filesystem::read_symlink("/proc/self/exe").replace_filename("splitwan-link-ns3");
  if (!std::filesystem::exists(path))
    throw Error("{}: expected ns-3's real-time link, found no such file (built with -DSPLITWAN_NS3=OFF?)",
                path.string());
  return path.string();
}

json described(const LinkSpec& link, const char* direction) {
  const auto refuse = [&](bool when, const std::string& expected) {
    if (when) throw Error("link: {}: --engine ns3 expects {}; use --engine tun", direction, expected);
  };
  refuse(link.bits_per_second <= 0 || link.bits_per_second > ns3_link_ceiling,
         fmt::format("a rate to {:.0f} Mbit/s, found {:.6g} Mbit/s", ns3_link_ceiling / 1e6,
                     link.bits_per_second / 1e6));
  refuse(link.jitter.law != JitterLaw::none, "no jitter");
  refuse(link.bursts.to_bad > 0, "no loss in bursts");
  refuse(!link.schedule.empty() || !link.opportunities.empty(), "no schedule");
  refuse(link.down, "a link that is up");
  refuse(!link.losses.empty(), "no recorded losses");
  refuse(link.cross.bits_per_second > 0, "no cross traffic");
  return {{"bps", static_cast<std::uint64_t>(link.bits_per_second)},
          {"loss", link.loss},
          {"queue_bytes", std::min<std::uint64_t>(link.queue_bytes, UINT32_MAX)},
          {"mtu", link.mtu}};
}

LinkCounts counts_of(const json& j) {
  LinkCounts counts;
  counts.packets = j.at("packets");
  counts.bytes = j.at("bytes");
  counts.queue_drops = j.at("queue_drops");
  counts.lost = j.at("lost");
  counts.busy = LinkTime(j.at("busy_ns").get<std::int64_t>());
  return counts;
}

std::string path_of(const NetNamespace& where) {
  return fmt::format("/proc/{}/fd/{}", getpid(), where.file());
}

ChildProcess::Clock::time_point soon() { return ChildProcess::Clock::now() + std::chrono::seconds(10); }

}  // namespace

Ns3Link::Ns3Link(const NetNamespace& client, const NetNamespace& server, const LinkPair& pair,
                 std::uint64_t seed)
    : path_(program_path()), process_(path_) {
  const LinkTime apart = pair.up.delay - pair.down.delay;
  if (apart > LinkTime(1) || apart < LinkTime(-1))
    throw Error("link: --engine ns3 expects the same delay both ways; use --engine tun");
  const json spec = {{"client", path_of(client)},
                     {"server", path_of(server)},
                     {"client_address", client_ip},
                     {"server_address", server_ip},
                     {"delay_ns", pair.up.delay.count()},
                     {"up", described(pair.up, "up")},
                     {"down", described(pair.down, "down")},
                     {"seed", seed}};
  ask(spec.dump());
}

LinkReport Ns3Link::report() {
  const json j = json::parse(ask("report"));
  const auto time = [&](const char* key) { return LinkTime(j.at(key).get<std::int64_t>()); };
  LinkReport report;
  report.elapsed = time("elapsed_ns");
  report.lateness = {j.at("packets"), time("mean_ns"), time("p99_ns"), time("max_ns")};
  report.up = counts_of(j.at("up"));
  report.down = counts_of(j.at("down"));
  report.realtime = j.at("realtime");
  return report;
}

void Ns3Link::start_of_report() { ask("start"); }

std::string Ns3Link::ask(const std::string& line) {
  process_.write(line + "\n", soon());
  std::string answer = process_.read_line(soon());
  if (answer.rfind("error ", 0) == 0) throw Error("{}: {}", path_, answer.substr(6));
  return answer;
}

}  // namespace splitwan::netsim
