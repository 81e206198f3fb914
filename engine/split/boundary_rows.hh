// What a server keeps of a session that asked for spot checks (checks.hh): the rows at every boundary of its
// layers, and a running hash of each. No torch.
#pragma once

#include <vector>

#include "engine/layers/session_rows.hh"
#include "engine/split/sha256.hh"
#include "engine/wire/codec.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {

class BoundaryRows : public LayerObserver {
 public:
  BoundaryRows(LayerRange layers, int width);

  // A step begins. `back`: of its reply: the last boundary's rows are as the client will read them.
  void begin(const Codec& back);
  void see(int boundary, std::span<const float> rows) override;  // some rows after the other
  void commit(std::span<const std::int32_t> rows);               // of the step
  std::uint64_t bytes() const;                                   // of memory

  // Answers, of the rows that are committed. Throws Error on a question about others.
  Message commitment(const Header& check) const;
  Message evidence(const Header& draw) const;

 private:
  static constexpr std::size_t together = prefill_rows;  // rows in one piece of memory
  struct Boundary {
    std::vector<float> open;               // of the step, [rows, width]
    std::vector<Sha256::Digest> digests;   // of these rows
    std::vector<std::vector<float>> kept;  // pieces of `together` rows
    Sha256 hash;
  };
  void copy(std::size_t boundary, std::size_t first, std::size_t rows, std::byte* to) const;
  LayerRange layers_;
  std::size_t width_;
  const Codec* back_ = nullptr;
  std::size_t committed_ = 0;
  std::vector<Boundary> boundaries_;  // one more than layers
};

// Rows of one evidence message at most: their inputs, then their outputs.
constexpr std::uint32_t most_drawn_rows = prefill_rows;

}  // namespace splitwan::engine
