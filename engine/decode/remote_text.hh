// DEL as its authors publish it (arXiv 2602.11513): the server holds every layer and the head, continues the
// prompt by itself and sends each token as it is chosen. Only the prompt's rows are kept from it, by the
// mechanism; what it writes it knows.
#pragma once

#include "engine/decode/generate.hh"

namespace splitwan::engine {

// The client: the prompt's embedding rows go up, in messages of `prefill_chunk` rows, and tokens come back.
// Nothing is sent where the budget is spent. Of `prompt` the server learns the length. A drafter has no place
// here: the server generates. Throws Error as generate() does.
Generation ask_text(Party& client, PartyId server, const ModelEnds& embedding, const SplitOptions&,
                    std::span<const Token> prompt, const GenerateOptions&);

// Of what the server sends.
Limits text_limits();

// The server, of one session. `whole` holds all layers in its head; options.del is needed. Errors as
// serve_middle's.
void serve_text(Party& server, PartyId client, const ModelEnds& whole, const ServeOptions&);

}  // namespace splitwan::engine
