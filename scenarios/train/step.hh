// One optimiser step, data-parallel: every thread takes windows of the batch and differentiates them alone.
#pragma once

#include <functional>

#include "scenarios/train/state.hh"

namespace splitwan::scenarios {

void one_thread_per_operation();  // for the rest of the process: steps have threads of their own

// work(0 .. workers - 1), each on a thread; the first of them to fail fails it.
void in_parallel(std::size_t workers, const std::function<void(std::size_t)>& work);

class Stepper {
 public:
  Stepper(const Recipe&, const engine::ModelConfig&, TrainState&, const std::optional<Imitation>& = {});

  // Returns the mean loss, nats per token. Throws Error when it is not finite.
  double step(const Windows&);
  double evaluate(const Windows&);  // mean loss, without learning
  const Replica& model() const { return replicas_.front(); }

 private:
  // Sum over the windows; the replicas' gradients are filled when `learn`.
  double run(const Windows&, bool learn);
  void update(double tokens);
  const Recipe& recipe_;
  TrainState& state_;
  std::vector<Slot> slots_;
  std::vector<Replica> replicas_;  // one per thread, over the same weights
};

}  // namespace splitwan::scenarios
