// Half a byte a value, in two's complement, 7 levels each way; the earlier value is in the low half, and an
// odd width's last half byte is empty.
#include <memory>

#include "engine/base/error.hh"
#include "engine/wire/codecs/scaled_rows.hh"

namespace splitwan::engine {
namespace {

constexpr int signed_nibble(std::byte b) {
  const int number = std::to_integer<int>(b & std::byte{0xf});
  return number > 7 ? number - 16 : number;
}

class Int4 : public ScaledRows {
 public:
  explicit Int4(const CodecLabel& label) : ScaledRows(label, 7) {}

 private:
  std::uint64_t number_bytes(std::uint64_t width) const override { return (width + 1) / 2; }
  void write_numbers(std::span<const float> row, float scale, std::byte* to) const override {
    for (std::size_t i = 0; i < row.size(); i += 2) {
      const int low = whole(row[i], scale), high = i + 1 < row.size() ? whole(row[i + 1], scale) : 0;
      to[i / 2] = static_cast<std::byte>((low & 0xf) | (high & 0xf) << 4);
    }
  }
  void read_numbers(const std::byte* from, std::size_t row, float scale, std::span<float> to) const override {
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = checked(signed_nibble(i % 2 == 0 ? from[i / 2] : from[i / 2] >> 4), row, scale);
    if (to.size() % 2 == 1 && (from[to.size() / 2] >> 4) != std::byte{0})
      throw Error("activation: row {} has bits behind its last value", row);
  }
};

}  // namespace

std::unique_ptr<Codec> make_int4(const CodecLabel& label) { return std::make_unique<Int4>(label); }

}  // namespace splitwan::engine
