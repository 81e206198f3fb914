// Outer layers changed in private: rank-r additions (LoRA, arXiv 2106.09685) to every matrix of the client's
// layers, trained on language modelling from a private seed. The server's layers stay as published.
#pragma once

#include "analysis/attacks/exam/corpus.hh"
#include "analysis/attacks/exam/stop.hh"

namespace splitwan::attacks {

struct LoraOptions {
  int depth = 0;  // layers at each end that are changed
  int rank = 8;
  int steps = 100;
  std::uint64_t seed = 1;
};

// The changed model, in a folder of its own that goes with the object.
class LoraModel {
 public:
  LoraModel(const Pieces& from, const std::string& folder, std::span<const Text> text, const LoraOptions&,
            const Stop&);
  ~LoraModel();
  LoraModel(const LoraModel&) = delete;
  const Pieces& pieces() const { return *pieces_; }

 private:
  std::string folder_;
  std::unique_ptr<Pieces> pieces_;
};

}  // namespace splitwan::attacks
