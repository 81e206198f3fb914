// Links out of other tools' files. The first line says which: ping, iperf3, tc, mahimahi, csv, or link for
// what is typed behind --link.
#include <nlohmann/json.hpp>

#include "netsim/link/network_spec.hh"
#include "scenarios/imports/iperf3.hh"
#include "scenarios/imports/link_csv.hh"
#include "scenarios/imports/mahimahi.hh"
#include "scenarios/imports/ping.hh"
#include "scenarios/imports/tc_netem.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace scenarios;

void read(std::string_view tool, std::string_view text) {
  netsim::Edge edge{.a = 0, .b = 1};
  if (tool == "ping") {
    apply(read_ping(file_with(text)), edge.forward, edge.backward);
  } else if (tool == "iperf3") {
    const Iperf3Summary found = read_iperf3(file_with(text));
    must(!found.up_bps || *found.up_bps >= 0, "rates are rates");
  } else if (tool == "mahimahi") {
    edge.forward.opportunities = read_mahimahi(file_with(text));
  } else if (tool == "csv") {
    apply_csv(file_with(text), edge.forward);
  } else if (tool == "tc") {
    apply_netem(text, edge.forward);
    netsim::LinkSpec link = edge.forward;
    resolve_queues(link, std::chrono::milliseconds(80));
    std::string commands;
    if (!taken([&] { commands = emit_tc(link, "eth0"); })) return;
    must(taken([&] { apply_netem(commands, edge.backward); }), "tc commands of ours can be read");
  }
  static_cast<void>(netsim::to_json(netsim::NetworkSpec{{edge}, {}}).dump());  // the simulator is asked so
}

void feed(std::string_view input) {
  const std::string_view tool = take_line(input);
  taken([&] { read(tool, input); });
}

const Stands stands("imports", feed);

}  // namespace
}  // namespace splitwan::fuzz
