#include "scenarios/read/replay_scenario.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "engine/wire/codecs.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/read/topology.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
namespace fs = std::filesystem;

netsim::Batches read_batches(const Json& json, const std::string& where, bool sharded) {
  netsim::Batches b;
  ObjectReader r(json, where);
  r.find("note");
  b.name = r.get("name", b.name);
  b.prompt = r.get("prompt", b.prompt);
  b.steps = r.get("steps", b.steps);
  b.wide_every = r.get("wide_every", b.wide_every);
  b.wide_rows = r.get("wide_rows", b.wide_rows);
  b.wide_depth = r.get("wide_depth", b.wide_depth);
  b.tokens_per_step = r.get("tokens_per_step", b.tokens_per_step);
  r.done();
  if (b.prompt < 1 || b.prompt > 1 << 20) throw Error("{}: prompt: expected 1 to 1048576 rows", where);
  const std::uint32_t least = sharded ? 0 : 1;  // a prompt alone: of a model that does not generate
  if (b.steps < least || b.steps > 1 << 20) throw Error("{}: steps: expected {} to 1048576", where, least);
  if (b.wide_every > 0 && b.wide_rows.empty())
    throw Error("{}: wide_rows: expected the wide steps' rows", where);
  for (const std::uint32_t rows : b.wide_rows)
    if (rows < 1 || rows > 4096) throw Error("{}: wide_rows: expected 1 to 4096, found {}", where, rows);
  double most = 1;  // every guess of every wide step accepted
  for (const std::uint32_t rows : b.wide_rows) {
    const std::uint32_t longest = b.wide_depth > 0 ? std::min(rows, b.wide_depth) : rows;
    if (b.wide_every > 0) most += (longest - 1.0) / static_cast<double>(b.wide_rows.size() * b.wide_every);
  }
  if (!(b.tokens_per_step >= 1 && b.tokens_per_step <= most))
    throw Error("{}: tokens_per_step: expected 1 to {:g}, what these rows can give, found {:g}", where, most,
                b.tokens_per_step);
  if (b.name.empty()) throw Error("{}: name: expected the drafter's name", where);
  return b;
}

netsim::Batches read_recorded(const Json& json, const std::string& where) {
  netsim::Batches b;
  ObjectReader r(json, where);
  b.name = r.need<std::string>("drafter");
  b.prompt_name = r.need<std::string>("prompt");
  b.prompt_class = r.need<std::string>("class");
  b.prompt = r.need<std::uint32_t>("prompt_rows");
  b.rows = r.need<std::vector<std::uint32_t>>("rows");
  b.accepted = r.need<std::vector<std::uint32_t>>("accepted");
  r.done();
  b.steps = static_cast<std::uint32_t>(b.rows.size());
  if (b.prompt < 1 || b.prompt > 1 << 20) throw Error("{}: prompt_rows: expected 1 to 1048576", where);
  if (b.rows.empty() || b.rows.size() != b.accepted.size())
    throw Error("{}: rows, accepted: expected as many of each, found {} and {}", where, b.rows.size(),
                b.accepted.size());
  for (std::size_t i = 0; i < b.rows.size(); ++i)
    if (b.accepted[i] < 1 || b.accepted[i] > b.rows[i] || b.rows[i] > 4096)
      throw Error("{}: step {}: expected 1 to 4096 rows and 1 to as many tokens, found {} and {}", where,
                  i + 1, b.rows[i], b.accepted[i]);
  return b;
}

// {"note", "source", "runs": [{"drafter", "prompt", "class", "prompt_rows", "rows": [..], "accepted": [..]},
// ..]}
std::vector<netsim::Batches> read_decoding(const std::string& path) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  for (const char* said : {"note", "source"}) r.find(said);
  const Json runs = r.need<Json>("runs");
  r.done();
  if (!runs.is_array() || runs.empty()) throw Error("{}: runs: expected a list of runs", path);
  std::vector<netsim::Batches> list;
  for (const Json& run : runs)
    list.push_back(read_recorded(run, fmt::format("{}: run {}", path, list.size())));
  return list;
}

void set_wire(ReplayCell& cell, const std::string& wire, const std::string& file) {
  if (!cell.profile) throw Error("{}: replay: wire: only a profile's bytes follow another wire", file);
  cell.profile->wire = wire;
  cell.profile->row_bytes = engine::row_bytes(wire, cell.profile->geometry.value("width", 0));
}

void set_pause(ReplayCell& cell, ObjectReader r) {
  const auto every = r.need<std::uint32_t>("every");
  const auto rest = engine::parse_duration(r.need<std::string>("rest"));
  r.done();
  if (every < 1 || rest <= engine::Nanos{})
    throw Error("{}: expected every 1 step or more, and a rest above 0", r.where());
  if (cell.batches.empty()) throw Error("{}: a recorded trace has its own", r.where());
  for (netsim::Batches& b : cell.batches) b.pause_every = every, b.pause = rest;
}

ReplayCell read_cell(const Json& json, const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  ReplayCell cell;
  ObjectReader r(json, file);
  for (const char* ignored : {"$schema", "note", "sweep", "summary"}) r.find(ignored);
  cell.name = r.get("name", fs::path(file).stem().string());
  cell.seed = r.get("seed", cell.seed);
  if (const Json* cascade = r.find("cascade"))
    cell.cascade = engine::shard_terms_of(*cascade, file + ": cascade");
  if (const Json* network = r.find("network"); network || cell.cascade)
    cell.network = read_network(network ? *network : Json::object(), file + ": network", folder,
                                cell.cascade ? &cell.cascade->sharding : nullptr);
  if (!row_of(cell.network.kind).replays)
    throw Error("{}: network: kind: a replay runs over {}, not {}", file,
                network_kinds_text(&NetworkRow::replays), name_of(cell.network.kind));
  if (!cell.cascade) expect_two_parties(cell.network, file, "a replay");
  const Json replay = r.need<Json>("replay");
  ObjectReader inner(replay, file + ": replay");
  if (const auto profile = inner.get<std::string>("profile", ""); !profile.empty())
    cell.profile = netsim::read_profile(beside(folder, profile));
  if (const auto trace = inner.get<std::string>("trace", ""); !trace.empty())
    cell.trace = beside(folder, trace);
  const Json* batches = inner.find("batches");
  if (batches)
    cell.batches.push_back(read_batches(*batches, file + ": replay: batches", cell.cascade.has_value()));
  const auto decoding = inner.get<std::string>("decoding", "");
  if (!decoding.empty()) cell.batches = read_decoding(beside(folder, decoding));
  if (const auto noise = inner.get<std::string>("noise", ""); !noise.empty())
    cell.noise = netsim::read_compute_noise(beside(folder, noise));
  cell.repeat = inner.get("repeat", cell.repeat);
  if (cell.repeat < 1 || cell.repeat > 10'000)
    throw Error("{}: replay: repeat: expected 1 to 10000, found {}", file, cell.repeat);
  if (const auto wire = inner.get<std::string>("wire", ""); !wire.empty()) set_wire(cell, wire, file);
  if (inner.find("pause")) set_pause(cell, inner.child("pause"));
  inner.done();
  r.done();
  if (!cell.trace.empty() + (batches != nullptr) + !decoding.empty() != 1)
    throw Error("{}: replay: expected either a trace or batches or a decoding", file);
  if (cell.cascade && !cell.trace.empty())
    throw Error("{}: replay: trace: sharded tokens are played from batches or a decoding", file);
  if (cell.cascade && !row_of(cell.network.kind).any_topology)
    throw Error("{}: network: kind: {} joins two parties, found {}", file, name_of(cell.network.kind),
                cell.network.parties.size());
  if (cell.trace.empty() && !cell.profile) throw Error("{}: replay: batches need a profile", file);
  cell.resolved = json;
  return cell;
}

}  // namespace

std::vector<SchemaKey> replay_schema() {
  return {
      {"name", "text", "the file's name", "of the study"},
      {"seed", "whole number", "1", "of the simulated link and of the noise"},
      {"network", "object", usual_network_text(),
       "what joins client and server: " + network_kinds_text(&NetworkRow::replays)},
      {"cascade.alpha", "1 to 16", "none", "shards: so many CompNodes, and as many squared AttnNodes"},
      {"cascade.cluster", "1 to 4096", "1", "consecutive tokens of one shard"},
      {"cascade.form", "meu or o_lse", "meu",
       "partial results: maximum, sum and values; or value and log of the sum"},
      {"cascade.merge", "compnode or aggregator", "compnode", "who merges them"},
      {"replay.trace", "file", "none", "what ran, over another network or machine"},
      {"replay.batches.name", "text", "sequential", "the drafter that decodes as stated"},
      {"replay.batches.note", "text", "none", "for people"},
      {"replay.batches.prompt", "rows", "32", "of the prompt"},
      {"replay.batches.steps", "whole number", "200", "after the prompt"},
      {"replay.batches.wide_every", "steps", "0", "each so many-th step is a wide one; 0: none"},
      {"replay.batches.wide_rows", "list of row counts", "none",
       "of the wide steps, in turn; others have one"},
      {"replay.batches.wide_depth", "positions", "0",
       "of sharded tokens' wide steps: a tree over so many, whose branches lie side by side; 0: a chain"},
      {"replay.batches.tokens_per_step", "number", "1", "gained, the mean of all steps"},
      {"replay.decoding", "file", "none", "the steps of recorded runs, one run each"},
      {"replay.profile", "file", "none", "what work costs; batches and decodings need one"},
      {"replay.noise", "file", "none", "work's costs vary as recorded ones did"},
      {"replay.repeat", "whole number", "1", "each run so often, with seeds of its own"},
      {"replay.wire", "codec", "the profile's", "another precision of the rows on the wire"},
      {"replay.pause.every", "steps", "none", "the client rests before each so many-th step"},
      {"replay.pause.rest", "duration", "none", "for so long"},
  };
}

std::vector<ReplayCell> read_replays(const Json& scenario, const std::string& file) {
  std::vector<ReplayCell> cells;
  for (const Json& point : expand_sweep(scenario, file)) cells.push_back(read_cell(point, file));
  return cells;
}

}  // namespace splitwan::scenarios
