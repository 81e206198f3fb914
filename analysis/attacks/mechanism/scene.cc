#include "analysis/attacks/mechanism/scene.hh"

#include <ATen/ATen.h>

#include <array>

#include "engine/base/error.hh"
#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

constexpr std::uint32_t scene_stream = 0x726f7773;

std::uint64_t seed_of(std::uint64_t seed, std::size_t index, std::uint64_t fresh) {
  const auto block =
      engine::philox(seed, {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(fresh),
                            static_cast<std::uint32_t>(fresh >> 32), scene_stream});
  return std::uint64_t{block[0]} << 32 | block[1];
}

}  // namespace

Scene::Scene(const MechanismView& view)
    : knowledge_(view.knowledge),
      depth_(view.depth),
      seed_(view.seed),
      channel_(make_channel(view.mechanism, view.maps, view.knowledge)) {
  const int layers = knowledge_.pieces().config().layers;
  if (depth_ < 0 || depth_ >= layers)
    throw engine::Error("depth: expected 0 to {}, found {}", layers - 1, depth_);
  if (!prefix_matters()) vocabulary_ = channel_->candidates({knowledge_.embedding(), knowledge_.tokens()});
}

// Their bits are those that the client's own run gives, however many rows share it.
at::Tensor Scene::rows_after(std::span<const Token> prefix, std::span<const Token> tokens) const {
  const Pieces& pieces = knowledge_.pieces();
  if (depth_ == 0) return pieces.embed(tokens);
  Session session(pieces, depth_);
  if (!prefix.empty()) {
    session.begin(chain(prefix.size()));
    session.through(pieces.embed(prefix), 0, depth_);
    session.commit_all();
  }
  session.begin(leaves(tokens.size()));
  return session.through(pieces.embed(tokens), 0, depth_);
}

Sent Scene::send(const Text& text, std::size_t index, std::uint64_t fresh) const {
  const std::array layers = {depth_};
  const at::Tensor hidden = states(knowledge_.pieces(), std::span(&text, 1), layers).front();
  Sent sent{channel_->draw({hidden, text.ids}, seed_of(seed_, index, fresh)), text.ids.front(), {}};
  if (!prefix_matters()) sent.likelihood = channel_->log_likelihood(sent.seen, vocabulary_);
  return sent;
}

at::Tensor Scene::log_likelihood(const Sent& sent, std::int64_t row, std::span<const Token> prefix,
                                 std::span<const Token> tokens) const {
  const at::Tensor hidden = rows_after(prefix, tokens);
  return channel_->log_likelihood(sent.seen.narrow(0, row, 1), channel_->candidates({hidden, tokens}))[0];
}

at::Tensor Scene::log_likelihood(const Sent& sent, std::int64_t row, std::span<const Token> prefix) const {
  if (!prefix_matters()) return sent.likelihood[row];
  return log_likelihood(sent, row, prefix, knowledge_.tokens());
}

at::Tensor Scene::undisturbed() const {
  const Token first = knowledge_.first();
  return channel_->undisturbed(rows_after(std::span(&first, 1), knowledge_.tokens()));
}

}  // namespace splitwan::attacks
