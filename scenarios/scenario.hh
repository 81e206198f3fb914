// What to run, as a person writes it. Everything has a default but the model; unknown keys are errors.
#pragma once

#include <string>
#include <vector>

#include "engine/codec.hh"
#include "engine/trace.hh"
#include "netsim/link_simulator.hh"

namespace splitwan::scenarios {

using engine::Json;
using engine::Nanos;

enum class NetworkKind { local, ideal, ns3, sockets };

struct NetworkChoice {
  NetworkKind kind = NetworkKind::ns3;
  Nanos rtt = std::chrono::milliseconds(80);
  double up_bps = 100e6, down_bps = 100e6;  // 0 = infinitely fast (ideal only)
  double loss = 0;
  netsim::TcpSpec tcp;
  std::string server;  // sockets: HOST:PORT; empty = both parties here, over loopback
  Nanos patience = std::chrono::seconds(60);  // with a server: for each of its answers
};

struct Prompt {
  std::string name, kind, text;    // kind: code, structured, creative, conversational
  std::vector<engine::Token> ids;  // instead of text
};

struct Scenario {
  std::string name;
  std::string model;  // folder; relative ones are sought from the scenario's own
  int head_layers = 2, tail_layers = 2;
  engine::WireType wire = engine::WireType::f32;
  NetworkChoice network;
  std::string compute = "reference";  // "reference", "measured", or "recorded:TRACE"
  std::vector<std::string> decode = {"sequential"};
  std::vector<Prompt> prompts;
  int max_new_tokens = 64;
  bool stop_at_eos = true;
  int threads = 1;
  std::uint64_t seed = 1;
  Json resolved;  // what was read, overrides applied: the trace repeats it
};

// A scenario file and its sweep: one Scenario per combination of the values under "sweep", in order.
// `overrides` are "network.rtt=20ms": the key must exist in the schema; the value is JSON or else a string; a
// key that is swept loses its sweep.
std::vector<Scenario> load_scenarios(const std::string& path, const std::vector<std::string>& overrides);

// "rtt=80ms,rate=100Mbit[,up=..,down=..,loss=0.1%]" or a preset's name.
NetworkChoice parse_link(const std::string&);
std::string_view name_of(NetworkKind);

}  // namespace splitwan::scenarios
