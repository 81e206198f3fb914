// The published attack (arXiv 2602.11513): the row as the server reads it against the vocabulary's rows, both
// through the decoder, by cosine. It knows neither the coins' law nor what precedes a row.
#include "analysis/attacks/mechanism/cosine.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/mechanism/row_attackers.hh"

namespace splitwan::attacks {
namespace {

at::Tensor unit_rows(const at::Tensor& x) { return x / x.norm(2, 1, /*keepdim=*/true).clamp_min_(1e-30); }

class Cosine : public RowAttack {
 public:
  explicit Cosine(const Scene& scene) : scene_(scene), vocabulary_(scene.undisturbed()) {}
  Guesses recover(const Sent& sent, const Stop&) const override {
    return best_five(cosines(scene_.channel().decoded(sent.seen.narrow(0, 1, sent.rows() - 1)), vocabulary_));
  }

 private:
  const Scene& scene_;
  at::Tensor vocabulary_;
};

}  // namespace

at::Tensor cosines(const at::Tensor& decoded, const at::Tensor& vocabulary) {
  return at::matmul(unit_rows(decoded), unit_rows(vocabulary).t());
}

std::unique_ptr<RowAttack> make_cosine(const Scene& scene, const AttackChoice&, const Stop&) {
  return std::make_unique<Cosine>(scene);
}

}  // namespace splitwan::attacks
