// The first message of a session and its answer: what both sides must agree on.
#pragma once

#include "engine/checkpoint/model_config.hh"
#include "engine/split/codec.hh"

namespace splitwan::engine {

Message hello(const ModelConfig&, LayerRange middle, const Codec&);
// Throws Error saying which value differs and what each side has.
void check_hello(const Message&, const ModelConfig&, LayerRange middle);

Message plain(Kind);  // welcome, bye
Message error_message(const std::string& text);
// Throws Error with the peer's own words when `m` is an error, or when it is not of the expected kind.
void expect(const Message& m, Kind);

}  // namespace splitwan::engine
