#include "engine/wire/codecs.hh"

#include <algorithm>
#include <memory>

#include "engine/base/error.hh"

namespace splitwan::engine {

// One file each, in engine/wire/codecs/.
using MakeCodec = std::unique_ptr<Codec>(const CodecLabel&);
MakeCodec make_f32, make_f16, make_bf16, make_int8, make_int4;

namespace {

struct CodecRow {
  CodecLabel label;
  MakeCodec* make;
};

// In the order of help and of rankings.
constexpr CodecRow codec_rows[] = {
    {{.name = "f32", .id = 0, .lossless = true, .recommended = true}, make_f32},
    {{.name = "f16", .id = 1, .recommended = true}, make_f16},
    {{.name = "bf16", .id = 4}, make_bf16},
    {{.name = "int8", .id = 2, .recommended = true}, make_int8},
    {{.name = "int4", .id = 3}, make_int4},
};

}  // namespace

const std::vector<const Codec*>& codecs() {
  static const auto made = [] {
    std::vector<std::unique_ptr<Codec>> all;
    for (const CodecRow& row : codec_rows) all.push_back(row.make(row.label));
    return all;
  }();
  static const auto list = [] {
    std::vector<const Codec*> all;
    all.reserve(made.size());
    for (const auto& codec : made) all.push_back(codec.get());
    return all;
  }();
  return list;
}

const Codec& codec_named(const std::string& name) {
  const auto found = std::ranges::find(codecs(), name, &Codec::name);
  if (found == codecs().end()) throw Error("wire '{}': expected {}", name, codec_names());
  return **found;
}

const Codec& codec_numbered(std::uint8_t id) {
  const auto found = std::ranges::find_if(codecs(), [&](const Codec* c) { return c->label().id == id; });
  if (found == codecs().end()) throw Error("activation of unknown wire type {}", id);
  return **found;
}

const Codec& lossless_codec() { return *codecs().front(); }

std::string codec_names() {
  std::string text;
  for (const CodecRow& row : codec_rows) {
    const bool last = &row == std::end(codec_rows) - 1;
    text += fmt::format("{}{}", text.empty() ? "" : last ? " or " : ", ", row.label.name);
  }
  return text;
}

std::string codec_help(const std::string& what) {
  std::string lossless;
  for (const CodecRow& row : codec_rows)
    if (row.label.lossless) lossless += fmt::format("{}{}", lossless.empty() ? "" : ", ", row.label.name);
  return fmt::format("{}: {} (lossless: {})", what, codec_names(), lossless);
}

std::uint64_t row_bytes(const std::string& wire, std::uint64_t width) {
  return codec_named(wire).row_bytes(width);
}

Bytes encode_rows(const Codec& codec, std::span<const float> values, std::uint64_t width) {
  const std::uint64_t rows = width > 0 ? values.size() / width : 0;
  Bytes out(rows * codec.row_bytes(width));
  codec.encode(values, width, out);
  return out;
}

}  // namespace splitwan::engine
