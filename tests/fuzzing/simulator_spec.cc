// What splitwan-sim is asked to build: the JSON behind `open`.
#include "netsim/ns3/sim/spec.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  taken([&] {
    const netsim::sim::Spec spec = netsim::sim::parse_spec(std::string(input));
    must(!spec.edges.empty() && spec.place.size() == spec.edges.size(), "every edge has its place");
    must(spec.parties() >= 2 && spec.longest_rtt().count() >= 0, "an edge joins two");
  });
}

const Stands stands("simulator_spec", feed);

}  // namespace
}  // namespace splitwan::fuzz
