#include "engine/decode/text_session.hh"

#include <ATen/ATen.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/layers/device.hh"
#include "engine/split/hello.hh"

namespace splitwan::engine {
namespace {

constexpr Token unknown = -1;  // what was prompted; how much it was counts

}  // namespace

TextSession::TextSession(const ModelEnds& whole, const TextOrder& order, const DelWeights& del)
    : whole_(whole),
      order_(order),
      sampler_(order.sampling),
      mechanism_(order.terms, del, 0),
      passage_(whole.head().new_cache(order.prompt_tokens + order.max_new_tokens)) {
  const auto& c = whole.config();
  const auto before = order_.prompt_tokens + mechanism_.soft_prompt().size(0);
  if (before >= c.context)
    throw Error("a prompt of {} rows and a soft prompt of {}: the model's context is {}",
                order_.prompt_tokens, mechanism_.soft_prompt().size(0), c.context);
  path_.assign(static_cast<std::size_t>(order_.prompt_tokens), unknown);
}

void TextSession::take(const Message& m) {
  expect(m, Kind::request);
  const Header& h = m.header;
  if (writes_) throw Error("rows of a prompt after its {}: the text is being written", read_);
  if (h.dtype != mechanism_dtype) throw Error("a prompt of wire type {}: expected counts", h.dtype);
  if (h.rows == 0 || h.rows > widest_tree || h.context != read_ ||
      std::cmp_greater(read_ + h.rows, order_.prompt_tokens))
    throw Error("{} rows of a prompt after {}: expected at most {} after {}", h.rows, h.context,
                std::min(widest_tree, order_.prompt_tokens - static_cast<int>(read_)), read_);
  step_ = h.rows + (read_ == 0 ? static_cast<std::uint32_t>(mechanism_.soft_prompt().size(0)) : 0);
  read_ += h.rows;
  writes_ = std::cmp_equal(read_, order_.prompt_tokens);
}

Work TextSession::layers() const {
  const Work layers =
      whole_.head().work(Phase::middle, step_, static_cast<std::uint32_t>(passage_.committed()));
  return writes_ ? whole_.logits_work(layers, 1) : layers;
}

void TextSession::open(at::Tensor rows) {
  if (rows.size(0) < step_) rows = at::cat({upload(mechanism_.soft_prompt(), rows.device()), rows});
  passage_.begin(std::move(rows), chain_of(step_), writes_ ? 1 : 0);
}

at::Tensor TextSession::close() {
  const at::Tensor last = passage_.take_out();
  passage_.commit(first_rows(step_));
  return writes_ ? last : at::Tensor();
}

Message TextSession::choose(std::span<const float> logits) {
  const auto& c = whole_.config();
  const Token token = sampler_.choose(logits, path_);
  path_.push_back(token);
  step_ = 1;
  if (order_.stop_at_eos && std::ranges::find(c.eos, token) != c.eos.end())
    end_ = "eos";
  else if (passage_.committed() >= c.context)
    end_ = "context";
  else if (std::cmp_greater_equal(written(), order_.max_new_tokens))
    end_ = "length";
  Message m = plain(Kind::reply);
  m.header.step = written();
  m.header.keep = {token};
  return m;
}

}  // namespace splitwan::engine
