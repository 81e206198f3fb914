#include "analysis/attacks/attackers/vocabulary_matching.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/attackers/calibrate.hh"

namespace splitwan::attacks {
namespace {

class VocabularyMatching : public Attack {
 public:
  VocabularyMatching(Permutation permutation, const Cell& cell, const Common& common)
      : permutation_(permutation),
        cut_(cell.cut),
        seed_(common.seed),
        search_(search_in(cell, calibrate(*cell.view, cell.cut, 1, common.calibration))) {}
  Recovered recover(const Document& d, std::size_t index, const Stop& stop) override {
    const auto key = generator_of(seed_, permutation_stream << 32 | index);
    const Seen seen{permuted(d.rows(cut_), permutation_, key), d.ids.front()};
    const Found found = match_vocabulary(search_, seen, permutation_, stop);
    passes_ += found.passes;
    return recovered(found);
  }

 private:
  Permutation permutation_;
  Cut cut_;
  std::uint64_t seed_;
  Search search_;
};

}  // namespace

std::unique_ptr<Attack> make_vocabulary_matching(Permutation permutation, const Cell& cell,
                                                 const Common& common) {
  return std::make_unique<VocabularyMatching>(permutation, cell, common);
}

// 0.8 to 1.6 ms a token and layer.
double vocabulary_matching_cost(const Cell& cell, const Common& common) {
  return search_cost(cell, common, 0.0009);
}

}  // namespace splitwan::attacks
