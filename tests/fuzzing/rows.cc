// Activations: a byte says which codec, one the width; the rest is rows as a peer wrote them, or values of
// our own.
#include <cmath>
#include <cstring>

#include "engine/wire/codecs.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace engine;

void read(const Codec& codec, std::uint64_t width, std::span<const std::byte> bytes) {
  const std::uint64_t rows = bytes.size() / codec.row_bytes(width);
  const auto whole = bytes.first(rows * codec.row_bytes(width));
  std::vector<float> values(rows * width);
  codec.decode(whole, width, values);
  if (codec.label().lossless)
    must(std::ranges::equal(encode_rows(codec, values, width), whole), "lossless rows stay");
}

void write(const Codec& codec, std::uint64_t width, std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float) / width * width);
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  Bytes sent;
  if (!taken([&] { sent = encode_rows(codec, values, width); })) return;
  std::vector<float> back(values.size());
  must(taken([&] { codec.decode(sent, width, back); }), "what one side writes the other reads");
  for (std::size_t i = 0; i < values.size(); ++i)
    must(std::isnan(back[i]) || std::isnan(values[i]) || std::signbit(back[i]) == std::signbit(values[i]) ||
             back[i] == 0,
         "a value keeps its sign");
}

void feed(std::string_view input) {
  const unsigned choice = take_byte(input);
  const Codec& codec = *codecs()[choice / 2 % codecs().size()];
  const std::uint64_t width = 1 + take_byte(input) % 64;
  const auto bytes = std::as_bytes(std::span(input));
  if (choice % 2 == 0)
    taken([&] { read(codec, width, bytes); });
  else
    write(codec, width, bytes);
}

const Stands stands("rows", feed);

}  // namespace
}  // namespace splitwan::fuzz
