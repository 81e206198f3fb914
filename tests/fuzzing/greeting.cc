// What a stranger says of its session before anybody looks at the model: the token goes no further.
#include "engine/serve/greeting.hh"

#include "engine/base/json_file.hh"
#include "engine/wire/text_message.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace engine;

void feed(std::string_view input) {
  const Message m = text_message(Kind::hello, input);
  taken([&] {
    const Greeting g = read_greeting(m);
    const Json passed_on = Json::parse(text_in(g.hello));
    must(!passed_on.contains("token"), "a token goes no further");
    must(g.key.empty() || g.key.size() == 32, "a key is as long as keys are");
    must(!g.resumes || !g.key.empty(), "who resumes has a key");
  });
}

const Stands stands("greeting", feed);

}  // namespace
}  // namespace splitwan::fuzz
