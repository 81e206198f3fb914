#include "engine/split/answers.hh"

#include <cmath>

#include "engine/base/error.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

// Two clocks, each slewed by 500 parts per million at most (adjtimex): an honest server's may be that fast.
Nanos on_a_fast_clock(Nanos waited) { return waited + waited / 1000; }

bool has_readable_squares(std::span<const float> row) {
  constexpr std::size_t lanes = 16;
  float sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= row.size(); i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += row[i + lane] * row[i + lane];
  for (; i < row.size(); ++i) sums[0] += row[i] * row[i];
  float sum = 0;
  for (const float part : sums) sum += part;
  return std::isfinite(sum);  // NaN and infinities stay what they are
}

}  // namespace

void check_answer(const Party& party, const Arrival& arrival, const Asking& asked, const std::string& peer) {
  expect(arrival.message, asked.kind);
  const Header& h = arrival.message.header;
  if (h.step != asked.step || h.rows != asked.rows || h.context != asked.context || h.layer != asked.layer)
    throw Error(
        "{} answered step {} with {} rows after {} tokens, layer {}: expected step {} with {} after {}, {}",
        peer, h.step, h.rows, h.context, h.layer, asked.step, asked.rows, asked.context, asked.layer);
  check_claims(party, arrival, asked.at, asked.listed, peer);
}

void check_claims(const Party& party, const Arrival& arrival, Nanos asked_at, std::size_t listed,
                  const std::string& peer) {
  const Header& h = arrival.message.header;
  if (h.keep.size() != listed || !h.parent.empty())
    throw Error("{} listed {} and {} rows in its answer to step {}: expected {} and 0", peer, h.keep.size(),
                h.parent.size(), h.step, listed);
  if (const Nanos waited = party.time_of(arrival) - asked_at;
      h.held < Nanos{} || h.held > on_a_fast_clock(waited))
    throw Error("{} says that it held step {} for {} ns: expected 0 to {}, for which it was waited for", peer,
                h.step, h.held.count(), waited.count());
}

void check_rows(std::span<const float> values, std::size_t width) {
  for (std::size_t at = 0; at < values.size(); at += width) {
    const std::span row = values.subspan(at, width);
    if (has_readable_squares(row)) continue;
    for (const float value : row)
      if (!std::isfinite(value))
        throw Error("row {} has {} in it: expected finite numbers", at / width, value);
    throw Error("row {} is too large: expected a sum of squares that is finite in f32", at / width);
  }
}

}  // namespace splitwan::engine
