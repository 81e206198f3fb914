// A model's middle layers for many clients at one time.
#pragma once

#include "engine/split/middle_session.hh"

namespace splitwan::engine {

class MiddleSessions : public Served {
 public:
  // What is given must outlive it. `del`: for clients whose rows come through the binomial mechanism.
  MiddleSessions(const ModelConfig& config, const LayerStack& middle, const DelWeights* del = nullptr)
      : config_(config), middle_(middle), del_(del) {}

  Limits limits() const override;
  std::unique_ptr<ServedSession> open(const Message& hello, Json& welcome) const override;
  ServedPhases answer(std::span<Asked>) const override;

 private:
  const ModelConfig& config_;
  const LayerStack& middle_;
  const DelWeights* del_;
};

// What the clients of a model of this width may send.
Limits limits_of_width(int width);

}  // namespace splitwan::engine
