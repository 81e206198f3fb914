// The suite's sequence network, taught with the attacker's own texts through the mechanism itself.
#include <ATen/ATen.h>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/mechanism/row_attackers.hh"

namespace splitwan::attacks {
namespace {

constexpr std::uint64_t inverter_seed = 0x696e76;

class SequenceInverter : public RowAttack {
 public:
  SequenceInverter(const Scene& scene, int passes, const Stop& stop)
      : scene_(scene), learner_(network(scene), training(scene, passes), inverter_seed) {
    const auto& texts = scene.knowledge().texts();
    for (int pass = 0; pass < passes; ++pass) {
      std::vector<at::Tensor> rows;
      std::vector<std::int64_t> labels;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        if (stop()) throw Stopped{};
        rows.push_back(
            scene.channel().features(scene.send(texts[i], i, 1 + static_cast<std::uint64_t>(pass)).seen));
        labels.insert(labels.end(), texts[i].ids.begin(), texts[i].ids.end());
      }
      learner_.learn(at::cat(rows), at::tensor(labels, at::kLong), stop);
    }
  }
  Guesses recover(const Sent& sent, const Stop&) const override {
    Guesses guesses = learner_.guess(scene_.channel().features(sent.seen));  // it looks at neighbours, too
    guesses.erase(guesses.begin());
    return guesses;
  }

 private:
  static Network network(const Scene& scene) {
    const Knowledge& k = scene.knowledge();
    const Text one{{k.first()}, {}};
    const auto width = static_cast<int>(scene.channel().features(scene.send(one, 0, 1).seen).size(1));
    return sequence_network(width, k.vocabulary(), generator_of(inverter_seed, learning_stream));
  }
  static Training training(const Scene& scene, int passes) {
    std::int64_t pairs = 0;
    for (const Text& text : scene.knowledge().texts()) pairs += static_cast<std::int64_t>(text.ids.size());
    return {.pairs = pairs * passes, .epochs = 1, .batch = 512, .windows = true};
  }
  const Scene& scene_;
  Learner learner_;
};

}  // namespace

std::unique_ptr<RowAttack> make_sequence_inverter(const Scene& scene, const AttackChoice& choice,
                                                  const Stop& stop) {
  return std::make_unique<SequenceInverter>(scene, choice.passes, stop);
}

}  // namespace splitwan::attacks
