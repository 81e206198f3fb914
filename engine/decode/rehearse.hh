// What a drafter would gain on a text that is known already, step by step, without the model that made it.
#pragma once

#include "engine/drafters/drafter.hh"
#include "engine/party/rehearsal.hh"

namespace splitwan::engine {

// As generate() takes its steps: `output` came after `prompt`, `limit` tokens were allowed, the model holds
// `context`. For drafters that ask nothing of the model (text_drafters, drafters/named.hh). Work is the
// party's.
Rehearsal rehearse(Party&, Drafter&, std::span<const Token> prompt, std::span<const Token> output, int limit,
                   int context);

// The steps of a run with all of the model at hand: its guessing is what it worked beside the layers, but for
// choosing the tokens it gained.
Rehearsal rehearsal_of(const Run&);

}  // namespace splitwan::engine
