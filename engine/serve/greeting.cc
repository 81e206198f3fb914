#include "engine/serve/greeting.hh"

#include <algorithm>

#include "engine/base/json_file.hh"
#include "engine/wire/text_message.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t key_digits = 32, longest_token = 4096;

bool is_key(const std::string& text) {
  return text.size() == key_digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Error malformed(std::string_view what) { return Error("malformed hello: {}", what); }

std::uint32_t number_of(const Json& session, const char* name) {
  const auto value = session.find(name);
  if (value == session.end() || !value->is_number_unsigned() ||
      value->get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max())
    throw malformed(std::string("session: ") + name + ": expected a number");
  return value->get<std::uint32_t>();
}

void read_session(const Json& session, Greeting& into) {
  const auto key = session.is_object() ? session.find("key") : session.end();
  if (key == session.end() || !key->is_string() || !is_key(key->get_ref<const std::string&>()))
    throw malformed("session: key: expected 32 hex digits");
  into.key = key->get<std::string>();
  into.resumes = session.contains("received");
  if (!into.resumes) return;
  into.received = number_of(session, "received");
  into.first = number_of(session, "first");
  into.in_flight = number_of(session, "in_flight");
}

}  // namespace

Greeting read_greeting(Message hello) {
  if (hello.header.kind != Kind::hello)
    throw Error("'{}' came where a hello was expected", name_of(hello.header.kind));
  const std::string_view text = text_in(hello);
  if (nests_too_deeply(text, 8)) throw malformed("nested too deeply");
  Json body = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object()) throw malformed("expected a JSON object");
  Greeting g;
  if (const auto session = body.find("session"); session != body.end()) read_session(*session, g);
  if (const auto probe = body.find("probe"); probe != body.end()) g.probe = *probe == 1;
  if (const auto token = body.find("token"); token != body.end()) {
    if (!token->is_string() || token->get_ref<const std::string&>().size() > longest_token)
      throw malformed("token: expected a string");
    g.token = token->get<std::string>();
    body.erase("token");
    set_text(hello, body.dump());
  }
  g.hello = std::move(hello);
  return g;
}

}  // namespace splitwan::engine
