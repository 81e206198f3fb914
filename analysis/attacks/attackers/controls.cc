#include "analysis/attacks/attackers/controls.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "analysis/attacks/attackers/learner.hh"
#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

class Uniform : public Attack {
 public:
  Uniform(const Cell& cell, const Common& common)
      : target_(cell.target),
        seed_(common.seed),
        vocabulary_(static_cast<std::uint32_t>(common.frequencies.size())) {}
  Recovered recover(const Document& d, std::size_t index, const Stop&) override {
    Recovered r;
    for (std::uint32_t i = 0; i < questions(d, target_); ++i) {
      r.tokens.emplace_back();
      for (std::uint32_t k = 0; k < 5; ++k)
        r.tokens.back().push_back(static_cast<Token>(
            engine::philox(seed_, {i, static_cast<std::uint32_t>(index), 23, k})[0] % vocabulary_));
    }
    return r;
  }

 private:
  Target target_;
  std::uint64_t seed_;
  std::uint32_t vocabulary_;
};

class Unigram : public Attack {
 public:
  Unigram(const Cell& cell, const Common& common) : target_(cell.target), order_(common.frequencies.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    std::ranges::stable_sort(order_, std::greater<>{},
                             [&](Token t) { return common.frequencies[static_cast<std::size_t>(t)]; });
    order_.resize(5);
  }
  Recovered recover(const Document& d, std::size_t, const Stop&) override {
    return {Guesses(questions(d, target_), order_), {}};
  }

 private:
  Target target_;
  std::vector<Token> order_;
};

class LanguageModel : public Attack {
 public:
  explicit LanguageModel(const Cell& cell) : model_(*cell.view->attacker) {}
  Recovered recover(const Document& d, std::size_t, const Stop&) override {
    const int layers = model_.config().layers;
    Session session(model_, layers);
    session.begin(chain(d.ids.size()));
    passes_ += d.ids.size();
    const at::Tensor logits = model_.logits(session.through(model_.embed(d.ids), 0, layers));
    return {best_five(logits.narrow(0, 0, logits.size(0) - 1)), {}};
  }

 private:
  const Pieces& model_;
};

}  // namespace

std::unique_ptr<Attack> make_uniform(const Cell& cell, const Common& common) {
  return std::make_unique<Uniform>(cell, common);
}
std::unique_ptr<Attack> make_unigram(const Cell& cell, const Common& common) {
  return std::make_unique<Unigram>(cell, common);
}
std::unique_ptr<Attack> make_language_model(const Cell& cell, const Common&) {
  return std::make_unique<LanguageModel>(cell);
}

// The language model's 5 ms a document; the others take none.
double control_cost(const Cell&, const Common& common) { return 0.005 * common.options.document_limit; }

}  // namespace splitwan::attacks
