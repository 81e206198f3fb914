// The suite's sequence network, taught with the attacker's own texts through the mechanism itself. Where a
// row's exact likelihood depends on its own token alone, the network's logits are added to it: it need not
// learn the vocabulary's rows from noise, only what stands beside what.
#include <ATen/ATen.h>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/mechanism/row_attackers.hh"

namespace splitwan::attacks {
namespace {

constexpr std::uint64_t inverter_seed = 0x696e76;
constexpr std::size_t texts_at_once = 64;  // a likelihood of every token for every row is large

class SequenceInverter : public RowAttack {
 public:
  SequenceInverter(const Scene& scene, int passes, const Stop& stop)
      : scene_(scene), learner_(network(scene), training(scene, passes), inverter_seed) {
    const std::size_t count = scene.knowledge().texts().size();
    for (int pass = 0; pass < passes; ++pass)
      for (std::size_t at = 0; at < count; at += texts_at_once)
        learn(at, std::min(texts_at_once, count - at), 1 + static_cast<std::uint64_t>(pass), stop);
  }
  Guesses recover(const Sent& sent, const Stop&) const override {
    // It looks at neighbours, too.
    Guesses guesses = learner_.guess(scene_.channel().features(sent.seen), evidence(sent));
    guesses.erase(guesses.begin());
    return guesses;
  }

 private:
  void learn(std::size_t first, std::size_t count, std::uint64_t fresh, const Stop& stop) {
    std::vector<at::Tensor> rows, known;
    std::vector<std::int64_t> labels;
    for (std::size_t i = first; i < first + count; ++i) {
      if (stop()) throw Stopped{};
      const Text& text = scene_.knowledge().texts()[i];
      const Sent sent = scene_.send(text, i, fresh);
      rows.push_back(scene_.channel().features(sent.seen));
      known.push_back(evidence(sent));
      labels.insert(labels.end(), text.ids.begin(), text.ids.end());
    }
    learner_.learn(at::cat(rows), at::tensor(labels, at::kLong), stop,
                   scene_.prefix_matters() ? at::Tensor() : at::cat(known));
  }
  at::Tensor evidence(const Sent& sent) const {
    if (scene_.prefix_matters()) return {};
    // What is impossible is left finite, so that no gradient is lost in it.
    return (sent.likelihood - sent.likelihood.amax({1}, true)).clamp_min(-1e4).to(at::kFloat);
  }
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
