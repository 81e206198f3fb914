// The first message of a session and its answer: what both sides must agree on.
#pragma once

#include "engine/checkpoint/model_config.hh"
#include "engine/party/party.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {

// `more`: what a session of another kind asks for, beside those.
Message hello(const ModelConfig&, LayerRange middle, const Codec&, const Json& more = Json::object());
// Throws Error saying which value differs and what each side has. Gives back all that the client said.
Json check_hello(const Message&, const ModelConfig&, LayerRange middle);

// What a hello says where the model turns its rows by how long a session is planned to get: `length`
// positions, 0 = the whole context. Nothing for other models.
void say_length(Json& more, const ModelConfig&, int length);
// What a client said of it; 0 for other models. Throws Error.
int length_said(const Json& hello, const ModelConfig&);

Message plain(Kind, const std::string& text = "");  // welcome, bye
std::string text_of(const Message&);                // what it says, fit for a log
// What a welcome says: an object, empty where it says nothing. Throws Error as expect() does, and on anything
// else.
Json said_in_welcome(const Message&);
Message error_message(const std::string& text);
// Throws Error with the peer's own words when `m` is an error, or when it is not of the expected kind.
void expect(const Message& m, Kind);
// The server's next message. Throws Error when none comes within `patience`; none = without limit.
Arrival answer_of(Party&, PartyId server, std::optional<Nanos> patience);

}  // namespace splitwan::engine
