// Networks that learn from pairs of activation and token, each by a lesson of its own.
#pragma once

#include "analysis/attacks/attackers/attacker.hh"
#include "analysis/attacks/attackers/networks.hh"

namespace splitwan::attacks {

struct Lesson {
  Network (*network)(int width, int vocabulary, at::Generator) = row_mlp;
  std::int64_t Options::*pairs = &Options::pairs;  // at most so many
  int epochs = 1;
  int batch = 256;
  bool windows = false;            // of positions: it looks at the neighbours too
  bool scattered = false;          // pairs from all over the text, not its beginning
  bool shuffled = false;           // labels, so that there is nothing to learn
  double pairs_per_second = 29e3;  // where it learns: 28 to 31 thousand were measured
};

inline constexpr Lesson mlp{};
// The published attack's few pairs, many times over. 47 to 50 thousand a second.
inline constexpr Lesson mlp_published{.network = published_mlp,
                                      .pairs = &Options::published_pairs,
                                      .epochs = 60,
                                      .batch = 64,
                                      .scattered = true,
                                      .pairs_per_second = 48e3};
// 16 to 18 thousand a second.
inline constexpr Lesson sequence{.network = sequence_network,
                                 .pairs = &Options::sequence_pairs,
                                 .batch = 512,
                                 .windows = true,
                                 .pairs_per_second = 17.5e3};
inline constexpr Lesson shuffled_labels{.pairs = &Options::shuffled_pairs, .shuffled = true};

std::unique_ptr<Attack> make_learned(const Lesson&, const Cell&, const Common&);
double cost_of_learning(const Lesson&, const Cell&, const Common&);

template <const Lesson& lesson>
std::unique_ptr<Attack> make_learned(const Cell& cell, const Common& common) {
  return make_learned(lesson, cell, common);
}
template <const Lesson& lesson>
double cost_of_learning(const Cell& cell, const Common& common) {
  return cost_of_learning(lesson, cell, common);
}

}  // namespace splitwan::attacks
