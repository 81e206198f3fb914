// The far side is not believed: all that can be known of its answer beforehand is compared with what came.
#pragma once

#include "engine/party/party.hh"

namespace splitwan::engine {

// What was asked, and when: on the asking party's clock, as its spans are.
struct Asking {
  Nanos at{};
  std::uint64_t step = 0;
  std::uint32_t rows = 0, context = 0, layer = 0;  // of the answer
  std::size_t listed = 0;                          // rows in its first list; its second one is empty
  Kind kind = Kind::reply;
};

// Throws Error naming the value, what was expected and what came: of another kind, step, size or place, with
// lists that were not asked for, or held for longer than was waited for it. `peer`: who, for errors.
void check_answer(const Party&, const Arrival&, const Asking&, const std::string& peer = "server");

// The latter two alone.
void check_claims(const Party&, const Arrival&, Nanos asked_at, std::size_t listed, const std::string& peer);

// Of `width` values each: numbers that the next layer can read. Throws Error naming the row where one is NaN
// or infinite, or where the row's sum of squares, which RMSNorm needs, is not finite in f32 (3e38, say).
void check_rows(std::span<const float> values, std::size_t width);

}  // namespace splitwan::engine
