#include "engine/hello.hh"

#include <cstring>

#include "engine/error.hh"

namespace splitwan::engine {
namespace {

constexpr std::string_view kind_names[] = {"", "hello", "welcome", "request", "reply", "error", "bye"};

Message with_text(Kind kind, const std::string& text) {
  Message m;
  m.header.kind = kind;
  m.payload.resize(text.size());
  std::memcpy(m.payload.data(), text.data(), text.size());
  return m;
}

std::string text_of(const Message& m) {
  return {reinterpret_cast<const char*>(m.payload.data()), m.payload.size()};
}

std::string printable(std::string text) {
  if (text.size() > 500) text.resize(500);
  for (char& c : text) c = static_cast<unsigned char>(c) < 32 ? ' ' : c;
  return text;
}

}  // namespace

Message hello(const ModelConfig& config, LayerRange middle, WireType wire) {
  const Json body = {
      {"geometry", geometry(config)}, {"middle", {middle.begin, middle.end}}, {"wire", name_of(wire)}};
  return with_text(Kind::hello, body.dump());
}

void check_hello(const Message& m, const ModelConfig& config, LayerRange middle) {
  expect(m, Kind::hello);
  const Json body = Json::parse(text_of(m), nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || !body.contains("geometry") || !body.contains("middle"))
    throw Error("malformed hello");
  const Json here = geometry(config);
  for (const auto& [key, ours] : here.items()) {
    const Json theirs = body["geometry"].value(key, Json());
    if (theirs != ours)
      throw Error("the models differ: {} is {} at the client, {} at the server", key, theirs.dump(),
                  ours.dump());
  }
  if (body["middle"] != Json{middle.begin, middle.end}) {
    throw Error("the split differs: the client expects layers {}, the server holds [{},{}]",
                body["middle"].dump(), middle.begin, middle.end);
  }
}

Message plain(Kind kind) { return with_text(kind, ""); }

Message error_message(const std::string& text) { return with_text(Kind::error, text); }

void expect(const Message& m, Kind kind) {
  if (m.header.kind == kind) return;
  if (m.header.kind == Kind::error) throw Error("peer refused: {}", printable(text_of(m)));
  throw Error("peer sent '{}' where '{}' was expected", kind_names[static_cast<int>(m.header.kind)],
              kind_names[static_cast<int>(kind)]);
}

}  // namespace splitwan::engine
