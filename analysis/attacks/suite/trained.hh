// The attacker's text of one seed and the states of it at every cut of the undefended model, a chunk at a
// time.
#pragma once

#include <map>

#include "analysis/attacks/exam/corpus.hh"
#include "analysis/attacks/exam/jobs.hh"
#include "analysis/attacks/exam/options.hh"
#include "analysis/attacks/exam/view.hh"

namespace splitwan::attacks {

class Trained {
 public:
  Trained(const Options&, const Pieces&, const engine::Tokenizer&, std::uint64_t seed, Workers&);

  std::size_t chunks() const;
  std::size_t documents() const { return documents_; }  // of all chunks
  void load(std::size_t chunk);                         // in place of the one before
  std::span<const Text> texts() const { return texts_; }
  std::vector<double> frequencies() const;
  std::vector<Text> calibration() const { return calibration_; }  // not among the texts
  Pairs pairs(int depth, Cut) const;

 private:
  std::size_t texts_per_chunk() const;
  const Options& o_;
  const Pieces& pieces_;
  std::uint64_t seed_;
  Workers& workers_;
  std::vector<Text> from_files_, texts_, calibration_;
  std::size_t documents_ = 0;
  std::vector<int> layers_;
  std::map<int, at::Tensor> states_;  // by layer: [rows, width]
  Pairs labels_;
};

}  // namespace splitwan::attacks
