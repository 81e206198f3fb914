// Rows through the binomial mechanism: what the client draws and sends, what the server makes of it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>

#include "engine/base/types.hh"
#include "engine/privacy/binomial.hh"
#include "engine/privacy/budget.hh"
#include "engine/privacy/projection.hh"
#include "engine/privacy/random_bits.hh"
#include "engine/wire/codec.hh"

namespace splitwan::engine {

// Of a run: what both sides agree on.
class BinomialRows {
 public:
  // cap: the largest length of a latent as the server reads it; 0: any. Throws Error when the widths differ.
  BinomialRows(BinomialSpec, std::shared_ptr<const Projection>, double cap = 0);

  const BinomialSpec& spec() const { return spec_; }
  std::uint64_t row_bytes() const { return spec_.row_bytes(); }

  // One row [model width] -> row_bytes(), every coordinate a fresh draw. Throws Error on what is not finite.
  void draw(std::span<const float> row, RandomBits&, std::span<std::byte> to) const;
  // The way back: counts to A (2K / u - 1), shortened to the cap, through the decoder.
  void read(std::span<const std::byte> from, std::span<float> row) const;

  // Either way, for the clock: the map's arithmetic, and what is read and written once.
  Codec::Cost cost(std::uint64_t rows) const;

 private:
  BinomialSpec spec_;
  std::shared_ptr<const Projection> maps_;
  double cap_;
};

// Of one session's client: a row of the session is drawn once. Sent again, it is what it was, which gives
// away nothing new; averaging finds nothing.
class Releases {
 public:
  // Which row of the session: the same only for the same tokens at the same place.
  using RowId = std::uint64_t;
  static RowId child(RowId parent, Token token);  // 0: before the first

  Releases(BinomialRows, RandomBits, std::optional<Budget> = {});
  // Rows below each other -> their bytes. New ones are charged to the budget, all at once and before they are
  // drawn; throws Error when they do not fit.
  Bytes release(std::span<const float> rows, std::span<const RowId> ids);
  // Charges those that are new now, all or none: a prompt that does not fit must not be sent in part.
  void reserve(std::span<const RowId> ids);
  // Rows that go as they are, which no account covers.
  void expose(std::uint64_t rows) { exposed_ += rows; }

  const BinomialRows& mechanism() const { return mechanism_; }
  std::uint64_t drawn() const { return kept_.size(); }  // rows so far
  std::uint64_t exposed() const { return exposed_; }
  const char* bits_from() const { return bits_.source(); }

 private:
  BinomialRows mechanism_;
  RandomBits bits_;
  std::optional<Budget> budget_;
  std::map<RowId, Bytes> kept_;
  std::set<RowId> charged_;  // not drawn yet
  std::uint64_t exposed_ = 0;
};

}  // namespace splitwan::engine
