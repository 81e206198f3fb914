// What a trace says of a run before its first span: one typed value, one reader, one writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json_file.hh"
#include "engine/base/link.hh"
#include "engine/base/sampling.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

constexpr int trace_schema_version = 2;  // 1, which said little of links, is still read

// One direction of a link as it was set. Packet deliveries from a trace (Mahimahi) are told by their number,
// mean rate and a fingerprint: `link` then has that rate and no opportunities.
struct StatedLink {
  LinkSpec link;
  std::uint64_t deliveries = 0, fingerprint = 0;
};
StatedLink stated(const LinkSpec&);

struct StatedEdge {
  PartyId a = 0, b = 1;
  StatedLink up, down;          // a to b, b to a
  OtherSessions sessions = {};  // of other people on the same link
};

struct StatedNetwork {
  std::string kind;               // what its table calls it; empty: the header names none
  std::vector<StatedEdge> edges;  // none: nobody set the links, or there is none
  std::optional<TcpSpec> tcp;     // where ours to set
  // Of schema 1: what its scenario said of links and its header did not, as JSON; empty: nothing.
  std::string unsaid;
  bool live = false;  // the links are as they were found: the trace measures them
};
// Of a network in a file from before files said so.
bool live_unless_said(const std::string& kind);

struct StatedPrompt {
  std::string name, kind;  // kind: its class
  std::uint64_t tokens = 0;
};

struct StatedPlan {
  int head = 0, middle = 0, tail = 0;  // layers
};

struct Machine {
  std::string cpu, isa, build, version;
  int threads = 1;
};

// Empty texts, null values and absent options: not stated.
struct RunHeader {
  std::uint64_t run = 0;  // index in its trace
  std::string scenario_name;
  std::string mode;  // "trace-driven" (no tensors), "validation"; empty: a model ran
  StatedNetwork network;
  std::string drafter;
  std::optional<Sampling> sampling;  // its seed is the run's
  std::optional<StatedPrompt> prompt;
  std::optional<StatedPlan> plan;
  std::string wire, storage, device, compute;
  Json defences = Json::object();  // by name, as a scenario has them
  // Where rows went through a binomial mechanism: {trust, mechanism {mu, bits, width, clip}, cap,
  // soft_prompt, generated, random_bits}. `wire` is then that of the rows that come back.
  Json privacy;
  // Where tokens are sharded among nodes: {alpha, cluster, form, merge} (shard_terms.hh). `plan.middle` is
  // then theirs.
  Json cascade;
  Json geometry;  // of the model that the bytes and costs are of
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> prompts_left_out;
  std::string commit;
  std::optional<Machine> machine;
  Json scenario;   // whole, as resolved
  Json simulator;  // what the simulator measured of its links, and TCP's settings as read back
  Json published;  // figures that the system's makers gave
  Json cell;       // a link validation's
};

Json to_json(const Sampling&);                                // but for its seed
Sampling sampling_of(const Json&, const std::string& where);  // throws Error naming the key
Json to_json(const Machine&);
Json to_json(const RunHeader&);
// Throws Error naming `where` and the key: missing, of another type, unknown, of another schema version.
RunHeader run_header_of(const Json&, const std::string& where);

// All that must be the same in runs of one system, whatever the link, drafter, prompt and seed: in the order
// in which a difference says most. Of `cascade` form and merge alone: how many nodes and how long the
// clusters are is a condition, as a link's.
Json system_of(const RunHeader&);

// What a model fitted to such runs is of: {compute, plan, wire, storage, geometry, machine, mode}, where
// stated.
Json source_of(const RunHeader&);

// Of one row of activations on its wire. Throws Error naming `where` when it states no width or wire, or when
// rows have other sizes up than down.
std::uint64_t row_bytes_of(const RunHeader&, const std::string& where);
double temperature_of(const RunHeader&);

}  // namespace splitwan::engine
