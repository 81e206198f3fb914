// What the two sides of a session agree on when its rows go through DEL's binomial mechanism (arXiv
// 2602.11513): the client says it in its hello. No torch.
#pragma once

#include <string>

#include "engine/privacy/binomial.hh"

namespace splitwan::engine {

struct MechanismTerms {
  BinomialSpec spec;
  double cap = 0;                    // the longest latent as the server reads it; 0: any
  std::string soft_prompt = "none";  // that the server puts before the prompt: as del_weights.hh names them
};

Json to_json(const MechanismTerms&);              // {mu, bits, width, clip, cap, soft_prompt}
MechanismTerms mechanism_terms_of(ObjectReader);  // throws Error naming the key

// Which side holds what. As published, the server holds every layer and the head, and generates by itself:
// only the prompt is kept from it. Ours: the first layers, the last ones and the head stay with the client.
enum class Trust : std::uint8_t { ours, published };
std::string_view name_of(Trust);        // "ours", "as published"
Trust trust_named(const std::string&);  // throws Error that lists the names

}  // namespace splitwan::engine
