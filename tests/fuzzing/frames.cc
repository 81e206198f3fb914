// Messages as they come: what is read is what was sent, byte for byte.
#include "engine/wire/wire.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace engine;

bool same(const Message& a, const Message& b) {
  return a.header.keep == b.header.keep && a.header.parent == b.header.parent && a.payload == b.payload;
}

void feed(std::string_view input) {
  const auto bytes = std::as_bytes(std::span(input));
  const Limits limits{.rows = 1024, .payload = 1 << 16};
  taken([&] {
    const Message m = decode(bytes, limits);
    const Bytes again = encode(m);
    must(again.size() == wire_size(m), "a message is as long as it says");
    must(std::ranges::equal(again, bytes), "what is sent on is what came");
    must(same(decode(again, limits), m), "a message is read as it was written");
  });
}

const Stands stands("frames", feed);

}  // namespace
}  // namespace splitwan::fuzz
