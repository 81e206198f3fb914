// Tokens in, logits out, wherever the layers are.
#pragma once

#include <memory>

#include "engine/layers/model_ends.hh"
#include "engine/party/party.hh"
#include "engine/split/checks.hh"
#include "engine/split/codec.hh"
#include "engine/split/mechanism.hh"

namespace splitwan::engine {

// Work and messages belong to the party's current step: callers begin one before each prefill or run.
class Forward {
 public:
  virtual ~Forward() = default;
  // The whole prompt, committed -> logits of its last token [1, vocabulary].
  virtual at::Tensor prefill(std::span<const Token> prompt) = 0;
  // One step -> logits of every row [rows, vocabulary]. Nothing is kept until commit().
  virtual at::Tensor run(const TokenBatch&) = 0;
  // Keeps a path of the last step's rows, root first. Never costs a round trip.
  virtual void commit(std::span<const std::int32_t> rows) = 0;
  virtual int committed() const = 0;
  virtual std::uint64_t round_trips() const = 0;  // waits for the server so far; a prompt is one
  // Between steps: everything has been committed, nothing is under way. The place for what is of no step.
  virtual void step_done() {}
  virtual void close() {}  // says goodbye to the server
};

struct SplitOptions {
  const Codec* wire = &lossless_codec();  // not owned: a trained one belongs to who loaded it
  int prefill_chunk = prefill_rows;       // rows per message
  std::optional<Nanos> patience = {};     // for each answer; none = without limit
  Defences defences = {};
  std::uint64_t seed = 1;                   // of the defences
  std::optional<Mechanism> mechanism = {};  // rows go up through it; `wire` is then of those that come back
  std::optional<Checking> checks = {};      // not together with a mechanism
  int length = 0;  // positions that the session is planned to reach (LayerStack::new_cache)
};
// Of what a server sends to such a client.
Limits answer_limits(const ModelConfig&, const SplitOptions&);

// All layers here: `ends` must hold them all in its head. Long prompts go in chunks.
// `length`: as SplitOptions'.
std::unique_ptr<Forward> make_local(Party&, const ModelEnds& ends, int length = 0);
// The middle layers are `server`'s. Says hello without waiting for the answer.
std::unique_ptr<Forward> make_split(Party& client, PartyId server, const ModelEnds& ends, SplitOptions);

// The untrusted side of one session: answers until the client says bye. `middle` is shared between sessions,
// the cache is this session's own. A bad request, or none for `idle`, is answered with an error message, then
// thrown as Error.
struct ServeOptions {
  std::optional<Nanos> idle = {};
  const DelWeights* del = nullptr;  // for clients whose rows come through the binomial mechanism
};
void serve_middle(Party& server, PartyId client, const ModelConfig&, const LayerStack& middle,
                  const ServeOptions& = {});
// What a serving loop stands in: `serve` gets a way to wait for the client's next message; what it throws is
// told to the client first.
using NextMessage = std::function<Arrival()>;
void answering(Party& server, PartyId client, const ServeOptions&,
               const std::function<void(const NextMessage&)>& serve);

}  // namespace splitwan::engine
