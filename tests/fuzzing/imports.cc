// Links out of other tools' files. The first line says which: ping, iperf3, tc, mahimahi, csv, or link for
// what is typed behind --link.
#include "netsim/link/network_spec.hh"
#include "scenarios/imports/iperf3.hh"
#include "scenarios/imports/link_csv.hh"
#include "scenarios/imports/mahimahi.hh"
#include "scenarios/imports/ping.hh"
#include "scenarios/imports/tc_netem.hh"
#include "scenarios/read/network_choice.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace scenarios;

void use(const NetworkChoice& network) { static_cast<void>(netsim::to_json(spec_of(network, 1)).dump()); }

void read(std::string_view tool, std::string_view text) {
  NetworkChoice network;
  if (tool == "ping") {
    apply(read_ping(file_with(text)), network.up, network.down);
  } else if (tool == "iperf3") {
    const Iperf3Summary found = read_iperf3(file_with(text));
    must(!found.up_bps || *found.up_bps >= 0, "rates are rates");
  } else if (tool == "mahimahi") {
    network.up.opportunities = read_mahimahi(file_with(text));
  } else if (tool == "csv") {
    apply_csv(file_with(text), network.up);
  } else if (tool == "tc") {
    apply_netem(text, network.up);
    netsim::LinkSpec link = network.up;
    resolve_queues(link, std::chrono::milliseconds(80));
    std::string commands;
    if (!taken([&] { commands = emit_tc(link, "eth0"); })) return;
    must(taken([&] { apply_netem(commands, network.down); }), "tc commands of ours can be read");
  } else if (tool == "link") {
    network = parse_link(std::string(text));
  }
  use(network);
}

void feed(std::string_view input) {
  const std::string_view tool = take_line(input);
  taken([&] { read(tool, input); });
}

const Stands stands("imports", feed);

}  // namespace
}  // namespace splitwan::fuzz
