// A decision for each row by itself: the highest likelihood, or the highest posterior when tokens are drawn
// by how often they are written. Behind layers a row's likelihood is taken after the tokens decided so far,
// right or wrong; what later rows say of a token is not used, which map_lm does.
#include <ATen/ATen.h>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/mechanism/row_attackers.hh"

namespace splitwan::attacks {
namespace {

class RowByRow : public RowAttack {
 public:
  RowByRow(const Scene& scene, at::Tensor log_prior) : scene_(scene), log_prior_(std::move(log_prior)) {}

  Guesses recover(const Sent& sent, const Stop& stop) const override {
    if (!scene_.prefix_matters())
      return best_five(sent.likelihood.narrow(0, 1, sent.rows() - 1) + log_prior_);
    Guesses guesses;
    std::vector<Token> prefix{sent.first};
    for (std::int64_t row = 1; row < sent.rows(); ++row) {
      if (stop()) throw Stopped{};
      guesses.push_back(
          best_five((scene_.log_likelihood(sent, row, prefix) + log_prior_).unsqueeze(0)).front());
      prefix.push_back(guesses.back().front());
    }
    return guesses;
  }

 private:
  const Scene& scene_;
  at::Tensor log_prior_;
};

}  // namespace

std::unique_ptr<RowAttack> make_ml(const Scene& scene, const AttackChoice&, const Stop&) {
  return std::make_unique<RowByRow>(scene, at::zeros_like(scene.knowledge().log_unigram()));
}

std::unique_ptr<RowAttack> make_map_unigram(const Scene& scene, const AttackChoice&, const Stop&) {
  return std::make_unique<RowByRow>(scene, scene.knowledge().log_unigram());
}

}  // namespace splitwan::attacks
