// A session's first message, as the server reads it, and its answer: a welcome or a refusal.
#include "engine/split/hello.hh"

#include "engine/base/json_file.hh"
#include "engine/base/plain_text.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace engine;

const ModelConfig& model() {
  static const ModelConfig config{.layers = 4,
                                  .width = 32,
                                  .heads = 4,
                                  .kv_heads = 2,
                                  .head_dim = 8,
                                  .ffn = 48,
                                  .vocabulary = 96,
                                  .context = 256};
  return config;
}

void feed(std::string_view input) {
  Message m = plain(Kind::hello, std::string(input));
  taken([&] {
    const Json said = check_hello(m, model(), {1, 3});
    must(said["geometry"] == geometry(model()), "only the same model is taken");
    static_cast<void>(said.dump());
  });
  must(one_line(text_of(m)) == text_of(m), "a log's line is printable");
  m.header.kind = Kind::welcome;
  taken([&] { must(said_in_welcome(m).is_object(), "a welcome says an object"); });
  m.header.kind = Kind::error;
  must(!taken([&] { expect(m, Kind::welcome); }), "a refusal is none of welcome");
}

const Stands stands("hello", feed);

}  // namespace
}  // namespace splitwan::fuzz
