// A system that is not here: its geometry, and what each phase of a step costs on its machines.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "netsim/time/cost_source.hh"

namespace splitwan::netsim {

// cost = max(base, rows x per_row) + rows x context x per_row_context: reading the weights until arithmetic
// takes longer, then attention over the cache.
struct PhaseCost {
  Nanos base{};
  Nanos per_row{};
  double per_row_context_ns = 0;
};

struct Profile {
  std::string name, source;  // source: where its figures are from
  engine::Json geometry;     // layers, width, ... as traces have it
  int head_layers = 0, tail_layers = 0;
  std::string wire;           // name of an engine::Codec
  std::uint64_t row_bytes{};  // of one row's activations on the wire
  std::map<engine::Phase, PhaseCost> phases;
  std::optional<Rates> rates;  // of every party, where a phase is not stated: for work that states its size
  double weight_bytes = 4;     // of one weight, as those parties read it
  engine::Json published;      // what its makers measured, for side-by-side tables
  std::string path;
};

// JSON: {"name", "source", "geometry": {"layers", "width", ..}, "split": {"head", "tail"}, "wire",
//  "phases": {"head": {"base": "11.4ms", "per_row": "50us", "per_row_context": "2ns"}, ..}, "published":
//  {..}, "rates": {"flops": 1e12, "bytes_per_s": 1e11, "per_job": "20us", "weight_bytes": 2}}
// Phases left out cost what the rates say, and nothing without them. Throws Error naming file and key.
Profile read_profile(const std::string& path);

CostSource profile_cost(const Profile&);

// For a stand-in model: what its messages would weigh with the profile's width and wire type.
MessageSize profile_message_size(const Profile&);

}  // namespace splitwan::netsim
