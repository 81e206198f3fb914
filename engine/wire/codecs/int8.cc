// A byte a value, 127 levels each way.
#include <memory>

#include "engine/wire/codecs/scaled_rows.hh"

namespace splitwan::engine {
namespace {

class Int8 : public ScaledRows {
 public:
  explicit Int8(const CodecLabel& label) : ScaledRows(label, 127) {}

 private:
  std::uint64_t number_bytes(std::uint64_t width) const override { return width; }
  void write_numbers(std::span<const float> row, float scale, std::byte* to) const override {
    for (std::size_t i = 0; i < row.size(); ++i) to[i] = static_cast<std::byte>(whole(row[i], scale));
  }
  void read_numbers(const std::byte* from, std::size_t row, float scale, std::span<float> to) const override {
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = checked(static_cast<std::int8_t>(from[i]), row, scale);
  }
};

}  // namespace

std::unique_ptr<Codec> make_int8(const CodecLabel& label) { return std::make_unique<Int8>(label); }

}  // namespace splitwan::engine
