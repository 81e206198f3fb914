// A run played again without tensors: what each party did, in its order, at whatever it costs now.
#pragma once

#include <map>
#include <vector>

#include "engine/party/party.hh"
#include "netsim/time/profile.hh"

namespace splitwan::netsim {

// Of each span: op, phase, peer, step, rows, context, bytes. Instants are the replay's to find.
struct Script {
  std::vector<engine::Span> spans;
  std::vector<engine::Step> steps;               // the client's
  std::map<std::uint64_t, engine::Nanos> rests;  // by step: how long the client rests before it
};
using Scripts = std::map<PartyId, Script>;

// Throws Error when it is no run of a client 0 and a server 1 whose messages all arrive.
Scripts scripts_of(const engine::Run&);

// As if each row had another number of bytes on the wire.
void resize_rows(Scripts&, std::uint64_t old_row_bytes, std::uint64_t new_row_bytes);

// Decoding as a distribution: every `wide_every`th step has one of wide_rows in turn, the others one row.
struct Batches {
  std::string name = "sequential";  // the drafter that decodes like this
  std::uint32_t prompt = 32, steps = 200;
  std::uint32_t wide_every = 0;  // 0 = never
  std::vector<std::uint32_t> wide_rows;
  std::uint32_t wide_depth = 0;  // wide rows lie on so many positions, branches side by side; 0: a chain
  double tokens_per_step = 1;    // gained on the wide steps
  // Or step by step, as a run was recorded: then `steps` is their number, and the three above say nothing.
  std::vector<std::uint32_t> rows, accepted;
  std::string prompt_name = "stated", prompt_class = "other";
  std::uint32_t pause_every = 0;  // steps; 0 = never
  engine::Nanos pause{};          // rest before each such step
};
// What its steps after the prompt carry and gain.
struct DecodedStep {
  std::uint32_t rows = 1, gained = 1;
};
std::vector<DecodedStep> decoded_steps(const Batches&);
// Client 0 and server 1, in the engine's own order of work and messages.
Scripts scripts_of(const Batches&, const Profile&);

engine::PartyMain play(PartyId self, const Script&, engine::Recorder&);

}  // namespace splitwan::netsim
