#include "analysis/attacks/mechanism/beam.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/mechanism/row_attackers.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

class MapLm : public RowAttack {
 public:
  MapLm(const Scene& scene, int beam, int shortlist) : scene_(scene), beam_(beam), shortlist_(shortlist) {}
  Guesses recover(const Sent& sent, const Stop& stop) const override {
    const auto best = beam_search(scene_, sent, beam_, shortlist_, stop).front();
    Guesses guesses;
    for (std::size_t i = 1; i < best.tokens.size(); ++i) guesses.push_back({best.tokens[i]});
    return guesses;
  }

 private:
  const Scene& scene_;
  int beam_, shortlist_;
};

}  // namespace

std::vector<Hypothesis> beam_search(const Scene& scene, const Sent& sent, int beam, int shortlist,
                                    const Stop& stop) {
  if (beam < 1 || shortlist < beam)
    throw engine::Error("beam: expected 1 or more, and a shortlist of as many, found {} and {}", beam,
                        shortlist);
  Predictions model(scene.knowledge().pieces(), sent.first);
  std::vector<Tokens> all{{sent.first}};
  at::Tensor scores = at::zeros({1, 1}, at::kDouble);
  for (std::int64_t row = 1; row < sent.rows(); ++row) {
    if (stop()) throw Stopped{};
    const at::Tensor total =
        scores + model.next() + likelihoods(scene, sent, row, all, model.next(), shortlist);
    const auto [values, places] = total.flatten().topk(std::min<std::int64_t>(beam, total.numel()));
    scores = values.unsqueeze(1);
    std::vector<Tokens> next;
    Tokens tokens;
    std::vector<std::int32_t> parent;
    for (std::int64_t i = 0; i < places.size(0); ++i) {
      const std::int64_t place = places.data_ptr<std::int64_t>()[i];
      parent.push_back(static_cast<std::int32_t>(place / total.size(1)));
      tokens.push_back(static_cast<Token>(place % total.size(1)));
      next.push_back(all[static_cast<std::size_t>(parent.back())]);
      next.back().push_back(tokens.back());
    }
    all = std::move(next);
    if (row + 1 < sent.rows()) model.extend(tokens, parent);
  }
  std::vector<Hypothesis> out;
  for (std::size_t i = 0; i < all.size(); ++i)
    out.push_back({std::move(all[i]), scores[static_cast<std::int64_t>(i)].item<double>()});
  return out;
}

std::unique_ptr<RowAttack> make_map_lm(const Scene& scene, const AttackChoice& choice, const Stop&) {
  return std::make_unique<MapLm>(scene, choice.beam, choice.shortlist);
}

}  // namespace splitwan::attacks
