// What is typed behind --link.
#include <nlohmann/json.hpp>

#include "engine/base/plain_text.hh"
#include "netsim/link/network_spec.hh"
#include "scenarios/read/network_choice.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  if (!engine::is_utf8(input)) return;  // no program takes such an argument
  taken([&] {
    const scenarios::NetworkChoice network = scenarios::parse_link(std::string(input));
    static_cast<void>(netsim::to_json(spec_of(network, 1)).dump());
    must(network.rtt().count() >= 0, "a round trip takes time");
  });
}

const Stands stands("link", feed);

}  // namespace
}  // namespace splitwan::fuzz
