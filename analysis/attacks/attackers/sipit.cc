#include "analysis/attacks/attackers/sipit.hh"

#include <c10/core/GradMode.h>

#include <cmath>
#include <limits>

#include "analysis/attacks/attackers/calibrate.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

constexpr std::int64_t proxies = 8;              // side by side, from different starts: one may be stuck
constexpr std::int64_t nearest_each = 16;        // proposals of each, verified together
constexpr int first_steps = 10, more_steps = 4;  // before the first proposals and between later ones
constexpr int snap_every = 50;                   // proposals of a proxy, as the paper does

}  // namespace

// The continuous inputs at one position, and what the tokens before it left in the caches.
struct SipIt::Proxy {
  const SipIt& of;
  int end;
  std::vector<Past> past;
  Tensor e, first, second;  // [proxies, width]: the inputs, and Adam's moments
  int step = 0;

  Proxy(const SipIt& s, int layers) : of(s), end(layers), past(static_cast<std::size_t>(layers)) {}

  Tensor state(const Tensor& input, std::vector<Past>* grown = nullptr) const {
    Tensor x = input;
    for (std::size_t i = 0; i < static_cast<std::size_t>(end); ++i)
      x = forward(of.search_.pieces.config(), of.smooth_.layers[i], x, past[i],
                  grown ? &(*grown)[i] : nullptr,
                  /*branches=*/!grown);
    return x;
  }
  void accept(Token token) {
    const at::NoGradGuard still;
    std::vector<Past> grown(past.size());
    state(of.smooth_.embedding.narrow(0, token, 1), &grown);
    past = std::move(grown);
  }
  void start(const Tensor& tokens) {
    e = of.smooth_.embedding.index_select(0, tokens);
    first = at::zeros_like(e), second = at::zeros_like(e);
    step = 0;
  }
  // Gradient steps on 1/2 |F(e) - target|^2. The paper leaves start and length open: tokens drawn at random
  // (a mean embedding lies where the norms turn gradients around), and Adam's length, a share of the
  // embeddings' size.
  void descend(const Tensor& target, int steps) {
    const double size = of.smooth_.embedding.square().mean().sqrt().item<double>();
    for (int i = 0; i < steps; ++i) {
      const at::AutoGradMode on(true);
      const Tensor input = e.detach().clone().set_requires_grad(true);
      (0.5 * (state(input) - target).square().sum()).backward();
      const at::NoGradGuard still;
      ++step;
      first = 0.8 * first + 0.2 * input.grad();
      second = 0.95 * second + 0.05 * input.grad().square();
      const Tensor direction =
          first / (1 - std::pow(0.8, step)) / ((second / (1 - std::pow(0.95, step))).sqrt() + 1e-12);
      e = e - 0.3 * size / (1 + step / 10.0) * direction;
    }
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
  auto generator = generator_of(1, permutation_stream);  // of the starts
  for (std::int64_t position = 1; position < seen.rows.size(0); ++position) {
    const Tensor target = seen.rows.narrow(0, position, 1);
    Tensor visited = at::zeros({vocabulary}, at::kFloat);  // infinity where a token was tried
    proxy.start(at::randint(vocabulary, {proxies}, generator, at::kLong));
    double nearest = std::numeric_limits<double>::infinity();
    Token token = 0;
    // The nearest tokens not tried yet: [proxies, n].
    const auto near = [&](std::int64_t n) {
      const Tensor distances = at::cdist(proxy.e, embeddings) + visited;
      return std::get<1>(distances.topk(std::min(n, vocabulary), 1, /*largest=*/false));
    };
    for (std::int64_t round = 0, tried = 0; tried < vocabulary; ++round) {
      if (stop()) throw Stopped{};
      proxy.descend(target, round == 0 ? first_steps : more_steps);
      const Tensor flat = std::get<0>(at::_unique(near(nearest_each).flatten()));
      const Tensor proposals =
          flat.index_select(0, at::isfinite(visited.index_select(0, flat)).nonzero().flatten());
      const auto* ids = proposals.data_ptr<std::int64_t>();
      const std::vector<Token> candidates(ids, ids + proposals.size(0));
      const Tensor distances = (prefix.try_tokens(candidates) - target).norm(2, 1);
      const auto best = distances.argmin().item<std::int64_t>();
      if (const double distance = distances[best].item<double>(); distance < nearest)
        nearest = distance, token = candidates[static_cast<std::size_t>(best)];
      if (nearest <= search_.threshold) break;
      visited.index_fill_(0, proposals, INFINITY);
      tried += proposals.size(0);
      if ((round + 1) * nearest_each % snap_every < nearest_each && tried < vocabulary)
        proxy.start(near(1).flatten());
    }
    prefix.accept(token);
    proxy.accept(token);
    found.tokens.push_back(token);
  }
  found.passes += prefix.rows();
  return found;
}

namespace {

class SipItAttack : public Attack {
 public:
  SipItAttack(const Cell& cell, const Common& common)
      : cut_(cell.cut), search_(search_in(cell, calibrate(*cell.view, cell.cut, 2, common.calibration))) {}
  Recovered recover(const Document& d, std::size_t, const Stop& stop) override {
    const Found found = search_.recover({d.rows(cut_), d.ids.front()}, stop);
    passes_ += found.passes;
    return recovered(found);
  }

 private:
  Cut cut_;
  SipIt search_;
};

}  // namespace

std::unique_ptr<Attack> make_sipit(const Cell& cell, const Common& common) {
  return std::make_unique<SipItAttack>(cell, common);
}

// 6 to 12 ms a token and layer (1.4 ms at the embeddings, where the first proposals are right).
double sipit_cost(const Cell& cell, const Common& common) { return search_cost(cell, common, 0.009); }

}  // namespace splitwan::attacks
