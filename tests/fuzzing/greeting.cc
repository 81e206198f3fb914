// What a stranger says of its session before anybody looks at the model: the token goes no further.
#include "engine/serve/greeting.hh"

#include "engine/base/json_file.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace engine;

void feed(std::string_view input) {
  Message m;
  m.header.kind = Kind::hello;
  const auto bytes = std::as_bytes(std::span(input));
  m.payload.assign(bytes.begin(), bytes.end());
  taken([&] {
    const Greeting g = read_greeting(m);
    const auto* text = reinterpret_cast<const char*>(g.hello.payload.data());
    const Json passed_on = Json::parse(text, text + g.hello.payload.size());
    must(!passed_on.contains("token"), "a token goes no further");
    must(g.key.empty() || g.key.size() == 32, "a key is as long as keys are");
    must(!g.resumes || !g.key.empty(), "who resumes has a key");
  });
}

const Stands stands("greeting", feed);

}  // namespace
}  // namespace splitwan::fuzz
