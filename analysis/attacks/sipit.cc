#include "analysis/attacks/sipit.hh"

#include <c10/core/GradMode.h>

#include <limits>

namespace splitwan::attacks {

using at::Tensor;

namespace {

constexpr int steps_per_batch = 4;       // of the proxy between two batches of proposals
constexpr std::int64_t batch = 64;       // proposals verified together
constexpr std::int64_t snap_every = 50;  // proposals, as the paper does (rounded up to whole batches)

}  // namespace

// The continuous input at one position, and what the tokens before it left in the caches.
struct SipIt::Proxy {
  const SipIt& of;
  int end;
  std::vector<Past> past;
  Tensor e;

  Proxy(const SipIt& s, int layers) : of(s), end(layers), past(static_cast<std::size_t>(layers)) {}

  Tensor state(const Tensor& input, std::vector<Past>* grown = nullptr) const {
    Tensor x = input;
    for (std::size_t i = 0; i < static_cast<std::size_t>(end); ++i)
      x = forward(of.search_.pieces.config(), of.smooth_.layers[i], x, past[i],
                  grown ? &(*grown)[i] : nullptr);
    return x;
  }
  void accept(Token token) {
    const at::NoGradGuard still;
    std::vector<Past> grown(past.size());
    state(of.smooth_.embedding.narrow(0, token, 1), &grown);
    past = std::move(grown);
  }
  // A gradient step on 1/2 |F(e) - target|^2. The paper leaves the step's length open: here it is the best
  // one of the linearised problem, |g|^2 / |J g|^2, with J g from a small difference.
  void descend(const Tensor& target) {
    const at::AutoGradMode on(true);
    Tensor input = e.detach().clone().set_requires_grad(true);
    const Tensor error = state(input) - target;
    (0.5 * error.square().sum()).backward();
    const at::NoGradGuard still;
    const Tensor g = input.grad();
    const double length = g.norm().item<double>();
    if (!(length > 1e-12)) return;
    const double delta = 1e-2 / length;
    const Tensor change = (state(e + delta * g) - (error + target)) / delta;
    const double rate = length * length / std::max(1e-12, change.square().sum().item<double>());
    e = e - rate * g;
  }
};

SipIt::SipIt(const Search& search) : search_(search), smooth_(search.pieces.smooth()) {}

Found SipIt::recover(const Seen& seen, const Stop& stop) const {
  Found found;
  const int depth = most_likely_depth(search_, seen, found.passes);
  Prefix prefix(search_.pieces, search_.cut, depth, search_.wire);
  Proxy proxy(*this, search_.cut == Cut::input ? depth : search_.pieces.config().layers - depth);
  prefix.try_tokens(std::span(&seen.first, 1));
  prefix.accept(seen.first);
  proxy.accept(seen.first);
  const Tensor& embeddings = smooth_.embedding;
  const std::int64_t vocabulary = embeddings.size(0);
  const Tensor start = embeddings.mean(0, /*keepdim=*/true);
  for (std::int64_t position = 1; position < seen.rows.size(0); ++position) {
    const Tensor target = seen.rows.narrow(0, position, 1);
    Tensor visited = at::zeros({vocabulary}, at::kFloat);  // infinity where a token was tried
    proxy.e = start;
    double nearest = std::numeric_limits<double>::infinity();
    Token token = 0;
    for (std::int64_t tried = 0, snapped = 0; tried < vocabulary;) {
      if (stop()) throw Stopped{};
      for (int step = 0; step < steps_per_batch; ++step) proxy.descend(target);
      const auto order = [&] { return ((embeddings - proxy.e).square_().sum(1) + visited).argsort(std::int64_t{0}); };
      const Tensor proposals = order().narrow(0, 0, std::min(batch, vocabulary - tried)).contiguous();
      const auto* ids = proposals.data_ptr<std::int64_t>();
      const std::vector<Token> candidates(ids, ids + proposals.size(0));
      const Tensor distances = (prefix.try_tokens(candidates) - target).norm(2, 1);
      const auto best = distances.argmin().item<std::int64_t>();
      if (const double distance = distances[best].item<double>(); distance < nearest)
        nearest = distance, token = candidates[static_cast<std::size_t>(best)];
      if (nearest <= search_.threshold) break;
      visited.index_fill_(0, proposals, INFINITY);
      tried += proposals.size(0);
      if (tried - snapped >= snap_every && tried < vocabulary)
        proxy.e = embeddings.index_select(0, order().narrow(0, 0, 1)), snapped = tried;
    }
    prefix.accept(token);
    proxy.accept(token);
    found.tokens.push_back(token);
  }
  found.passes += prefix.rows();
  return found;
}

}  // namespace splitwan::attacks
