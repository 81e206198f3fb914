// Cascade (arXiv 2507.05228): exact inference among parties that each see some of the tokens. CompNodes do
// what every token goes through by itself, AttnNodes attention between two shards, and parts of it are merged
// by log-sum-exp. The paper's body is not public: this is a reconstruction (README of this room). Who is who:
// party/shards.hh.
#pragma once

#include "engine/layers/token_layers.hh"
#include "engine/party/shard_terms.hh"
#include "engine/split/forward.hh"

namespace splitwan::engine {

// What all parties of a session must agree on; a hello says it.
struct CascadeTerms : ShardTerms {
  const Codec* wire = &lossless_codec();  // of every row; f16 rounds the parts of attention too
  LayerRange nodes;                       // layers that the nodes compute
};

struct CascadeOptions {
  int prefill_chunk = prefill_rows;
  int length = 0;  // the client's: positions that the session is planned to reach (LayerStack::new_cache)
  // The client's for each answer; none = without limit. CompNodes have half of it for each part, AttnNodes a
  // quarter for keys that a query waits for, so that who is behind it is named first.
  std::optional<Nanos> patience = {};
  std::optional<Nanos> idle = {};  // a node's session that is asked nothing for so long ends
  std::string session = "1";       // the client's; over live connections one of its own each time
};

// The trusted party, 0: embedding, first and last layers, head and sampling. Says hello without waiting.
std::unique_ptr<Forward> make_cascade(Party& client, const ModelEnds&, const CascadeTerms&,
                                      CascadeOptions = {});

// The other parties, each for one session: they serve until it ends. What goes wrong anywhere is told to
// every neighbour, so that it ends everywhere, and thrown as Error.
void serve_comp(Party&, const CascadeTerms&, const TokenLayers&, const CascadeOptions& = {});
void serve_attn(Party&, const CascadeTerms&, const ModelConfig&, const CascadeOptions& = {});
void serve_merge(Party&, const CascadeTerms&, const ModelConfig&, const CascadeOptions& = {});

}  // namespace splitwan::engine
