// The kinds of network, made from networks.inc.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace splitwan::scenarios {

enum class NetworkKind {
#define NETWORK(name, ...) name,
#include "scenarios/read/networks.inc"
#undef NETWORK
};

// What a run is that names no kind of network.
enum class Unnamed { nothing, all_here, split_here, over_a_link, with_a_server };

struct NetworkRow {
  const char *name, *help;
  bool splits = true;         // the server is apart; else the client holds every layer
  bool has_link = true;       // made as the scenario states it; else found as it is
  bool packets = false;       // sent one by one: the link needs a rate, and may lose them
  bool wall_time = false;     // else virtual
  bool charges = true;        // work takes what the scenario's "compute" says; else what it takes
  bool alone = false;         // runs at the same time would disturb each other
  bool takes_server = false;  // may name one that is there already
  bool any_topology = false;  // else client and server only
  bool shares = false;        // other people's sessions may be on its links
  bool runs_models = true, replays = true;
  bool validates = false;  // `validate` sets it beside theory and the kernel's TCP
  Unnamed taken_for = Unnamed::nothing;
};

std::span<const NetworkRow> network_table();  // in the order of NetworkKind
inline const NetworkRow& row_of(NetworkKind kind) { return network_table()[static_cast<int>(kind)]; }
inline std::string_view name_of(NetworkKind kind) { return row_of(kind).name; }
NetworkKind network_kind_named(const std::string&);  // throws Error that lists them
NetworkKind network_kind_for(Unnamed);
// "local, ideal or ns3": all, or those with this property.
std::string network_kinds_text(bool NetworkRow::*property = nullptr);

}  // namespace splitwan::scenarios
