#include "engine/split/hello.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/plain_text.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t most_words = 500, most_quoted = 60;  // of a peer, in a line of ours

std::string quoted(const Json& value) { return one_line(value.dump(), most_quoted); }

}  // namespace

Message hello(const ModelConfig& config, LayerRange middle, const Codec& codec, const Json& more) {
  Json body = {
      {"geometry", geometry(config)}, {"middle", {middle.begin, middle.end}}, {"wire", codec.name()}};
  body.update(more);
  return text_message(Kind::hello, body.dump());
}

Json check_hello(const Message& m, const ModelConfig& config, LayerRange middle) {
  expect(m, Kind::hello);
  const std::string_view text = text_in(m);
  if (text.size() > longest_text || nests_too_deeply(text, 8)) throw Error("malformed hello");
  Json body = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || !body.contains("geometry") || !body.contains("middle") ||
      !body["geometry"].is_object())
    throw Error("malformed hello");
  const Json here = geometry(config), nothing;
  for (const auto& [key, ours] : here.items()) {
    const auto found = body["geometry"].find(key);
    const Json& theirs = found == body["geometry"].end() ? nothing : *found;
    if (theirs != ours)
      throw Error("the models differ: {} is {} at the client, {} at the server", key, quoted(theirs),
                  ours.dump());
  }
  for (const auto& [key, theirs] : body["geometry"].items()) {
    if (!here.contains(key))
      throw Error("the models differ: {} is {} at the client, null at the server", one_line(key, most_quoted),
                  quoted(theirs));
  }
  if (body["middle"] != Json{middle.begin, middle.end}) {
    throw Error("the split differs: the client expects layers {}, the server holds [{},{}]",
                quoted(body["middle"]), middle.begin, middle.end);
  }
  const Json wire = body.value("wire", Json());
  if (std::ranges::none_of(codecs(), [&](const Codec* c) { return wire == c->name(); }))
    throw Error("the client writes activations as {}: expected {}", quoted(wire), codec_names());
  return body;
}

void say_length(Json& more, const ModelConfig& config, int length) {
  if (turns_by_length(config.rope))
    more["length"] = length > 0 ? std::min(length, config.context) : config.context;
}

int length_said(const Json& hello, const ModelConfig& config) {
  if (!turns_by_length(config.rope)) return 0;
  const Json said = hello.value("length", Json());
  if (!said.is_number_unsigned() || said == 0 || said > config.context)
    throw Error("the session's length is {}: expected 1 to {} positions, which this model turns by",
                quoted(said), config.context);
  return said.get<int>();
}

Message plain(Kind kind, const std::string& text) { return text_message(kind, text); }

std::string text_of(const Message& m) { return one_line(text_in(m), most_words); }

Json said_in_welcome(const Message& m) {
  expect(m, Kind::welcome);
  const std::string_view text = text_in(m);
  if (text.empty()) return Json::object();
  const bool sound = text.size() <= longest_text && !nests_too_deeply(text, 8);
  Json said = sound ? Json::parse(text, nullptr, /*allow_exceptions=*/false) : Json();
  if (!said.is_object())
    throw Error("malformed welcome of {} bytes: expected a JSON object of at most {}", text.size(),
                longest_text);
  return said;
}

Message error_message(const std::string& text) { return text_message(Kind::error, text); }

Arrival answer_of(Party& party, PartyId server, std::optional<Nanos> patience) {
  if (!patience) return party.recv(server);
  auto arrival = party.recv(server, *patience);
  if (!arrival)
    throw Error("server: no answer to step {} within {} s", party.step(), patience->count() / 1e9);
  return std::move(*arrival);
}

void expect(const Message& m, Kind kind) {
  if (m.header.kind == kind) return;
  if (m.header.kind == Kind::error) throw Error("peer refused: {}", text_of(m));
  throw Error("peer sent '{}' where '{}' was expected", name_of(m.header.kind), name_of(kind));
}

}  // namespace splitwan::engine
