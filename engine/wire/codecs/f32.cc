// As computed.
#include <cstring>
#include <memory>

#include "engine/wire/codec.hh"

namespace splitwan::engine {
namespace {

class F32 : public Codec {
 public:
  using Codec::Codec;
  std::uint64_t row_bytes(std::uint64_t width) const override { return width * sizeof(float); }
  void encode(std::span<const float> values, std::uint64_t, std::span<std::byte> to) const override {
    if (!values.empty()) std::memcpy(to.data(), values.data(), values.size_bytes());
  }
  void decode(std::span<const std::byte> from, std::uint64_t, std::span<float> values) const override {
    if (!values.empty()) std::memcpy(values.data(), from.data(), values.size_bytes());
  }
};

}  // namespace

std::unique_ptr<Codec> make_f32(const CodecLabel& label) { return std::make_unique<F32>(label); }

}  // namespace splitwan::engine
