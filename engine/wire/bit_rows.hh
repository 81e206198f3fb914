// Rows of small whole numbers, so many bits each: lowest bit first, every row from a byte of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace splitwan::engine {

constexpr std::size_t packed_bytes(std::size_t numbers, int bits) {
  return (numbers * static_cast<std::size_t>(bits) + 7) / 8;
}

// One row; bits: 1 to 16. `to` and `from` have packed_bytes. Numbers must fit.
void pack(std::span<const std::uint32_t> numbers, int bits, std::span<std::byte> to);
// Throws Error where the last byte's unused bits, which pack() leaves 0, are not.
void unpack(std::span<const std::byte> from, int bits, std::span<std::uint32_t> numbers);

}  // namespace splitwan::engine
