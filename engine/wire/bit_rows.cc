#include "engine/wire/bit_rows.hh"

#include "engine/base/error.hh"

namespace splitwan::engine {

void pack(std::span<const std::uint32_t> numbers, int bits, std::span<std::byte> to) {
  std::uint64_t held = 0;
  int count = 0;
  std::size_t at = 0;
  for (const std::uint32_t number : numbers) {
    held |= static_cast<std::uint64_t>(number) << count;
    for (count += bits; count >= 8; count -= 8, held >>= 8) to[at++] = static_cast<std::byte>(held & 0xff);
  }
  if (count > 0) to[at] = static_cast<std::byte>(held & 0xff);
}

void unpack(std::span<const std::byte> from, int bits, std::span<std::uint32_t> numbers) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::uint64_t held = 0;
  int count = 0;
  std::size_t at = 0;
  for (std::uint32_t& number : numbers) {
    for (; count < bits; count += 8) held |= static_cast<std::uint64_t>(from[at++]) << count;
    number = static_cast<std::uint32_t>(held & mask);
    held >>= bits, count -= bits;
  }
  if (held != 0)
    throw Error("a packed row of {} numbers: expected 0 in its last {} bits, found {}", numbers.size(), count,
                held);
}

}  // namespace splitwan::engine
