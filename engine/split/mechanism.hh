// Rows through DEL's binomial mechanism (arXiv 2602.11513) on the wire: packed counts instead of values.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/party/transport.hh"
#include "engine/privacy/binomial_rows.hh"
#include "engine/privacy/del_weights.hh"
#include "engine/privacy/mechanism_terms.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {

// In a message's header, where a codec's id stands. No codec of the table: what it takes to read such rows,
// the two sides agree on in the hello.
constexpr std::uint8_t mechanism_dtype = 16;

// A client's. One object may serve a session after the other: rows sent again are then what they were.
struct Mechanism {
  MechanismTerms terms;
  std::shared_ptr<Releases> releases;
  bool generated = true;  // generated tokens' rows go through it too; else as they are, and are exposed
};

// hidden [rows, width] -> a message with its payload and the header's dtype, rows and width. Throws Error
// when the budget does not cover the new ones among them.
Message encode(const at::Tensor& hidden, Releases&, std::span<const Releases::RowId>);
Work mechanism_work(const BinomialRows&, std::uint32_t rows);

// A server's, of one session: what makes rows of counts, and the soft prompt before them.
class MechanismReader {
 public:
  // `begins`: the server's first layer. Throws Error where the maps are others than the client's terms say,
  // stand elsewhere, or the soft prompt is not there.
  MechanismReader(const MechanismTerms&, const DelWeights&, int begins);

  at::Tensor decode(const Message&, at::Device) const;  // as codec.hh's
  Work work(std::uint32_t rows) const { return mechanism_work(rows_, rows); }
  const at::Tensor& soft_prompt() const { return soft_prompt_; }  // [rows, width], on the host

 private:
  BinomialRows rows_;
  int model_width_;
  at::Tensor soft_prompt_;
};

}  // namespace splitwan::engine
