#include "scenarios/train/step.hh"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <dlfcn.h>
#include <malloc.h>

#include <atomic>
#include <cmath>
#include <exception>
#include <thread>

#include "engine/base/error.hh"
#include "scenarios/train/kernels.hh"

namespace splitwan::scenarios {
namespace {

constexpr int windows_per_pass = 2;  // small enough that a layer's activations stay in a core's cache

}  // namespace

// Threads of ours instead of threads inside every operation: a step then has one barrier, not a thousand, and
// a processor that others use delays its own windows only.
void one_thread_per_operation() {
  at::set_num_threads(1);
  if (void* set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads")) reinterpret_cast<void (*)(int)>(set)(1);
#ifdef __GLIBC__
  // Activations are freed and wanted again every step: by default each would be a new mapping, zeroed by the
  // kernel.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

void in_parallel(std::size_t workers, const std::function<void(std::size_t)>& work) {
  std::vector<std::exception_ptr> failures(workers);
  const auto guarded = [&](std::size_t worker) {
    try {
      work(worker);
    } catch (...) {
      failures[worker] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < workers; ++i) others.emplace_back(guarded, i);
    guarded(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

Stepper::Stepper(const Recipe& recipe, const engine::ModelConfig& config, TrainState& state,
                 const std::optional<Imitation>& imitation)
    : recipe_(recipe), state_(state), slots_(layout_of(config)) {
  one_thread_per_operation();
  for (int i = 0; i < recipe.threads; ++i) replicas_.emplace_back(config, state.weights, imitation);
}

double Stepper::run(const Windows& windows, bool learn) {
  // Passes go to whichever thread is free, so with several threads the gradient's order of summation varies;
  // with one a run is repeatable bit for bit.
  std::atomic<int> next = 0;
  std::vector<double> sums(replicas_.size());
  in_parallel(replicas_.size(), [&](std::size_t worker) {
    const at::AutoGradMode mode(learn);
    if (learn) replicas_[worker].gradient.zero_();
    for (int begin; (begin = next.fetch_add(windows_per_pass)) < windows.count;) {
      const int end = std::min(begin + windows_per_pass, windows.count);
      const at::Tensor loss = replicas_[worker].loss_sum(windows, begin, end);
      sums[worker] += loss.item<float>();
      if (learn) loss.backward();
    }
  });
  double sum = 0;
  for (const double one : sums) sum += one;
  return sum;
}

void Stepper::update(double tokens) {
  constexpr double clip = 1.0;  // largest norm of the gradient
  constexpr float matrix_decay = 0.1f;
  at::Tensor gradient = replicas_[0].gradient;
  for (std::size_t i = 1; i < replicas_.size(); ++i) gradient.add_(replicas_[i].gradient);
  const double norm = gradient.norm().item<float>() / tokens;
  kernels::AdamW options;
  options.rate = static_cast<float>(recipe_.rate_at(state_.step));
  options.correction1 = static_cast<float>(1 - std::pow(options.beta1, static_cast<double>(state_.step + 1)));
  options.correction2 = static_cast<float>(1 - std::pow(options.beta2, static_cast<double>(state_.step + 1)));
  options.gradient_scale = static_cast<float>(std::min(1.0, clip / (norm + 1e-6)) / tokens);
  for (const Slot& slot : slots_) {
    options.decay = slot.matrix() ? matrix_decay : 0;
    const auto at = [&](const at::Tensor& t) { return t.data_ptr<float>() + slot.offset; };
    kernels::adamw(options, slot.elements, at(gradient), at(state_.weights), at(state_.first),
                   at(state_.second));
  }
}

double Stepper::step(const Windows& windows) {
  const auto tokens = static_cast<double>(windows.targets.size());
  const double loss = run(windows, true) / tokens;
  if (!std::isfinite(loss)) {
    throw engine::Error("step {}: the loss is {}: try a smaller learning_rate", state_.step + 1, loss);
  }
  update(tokens);
  ++state_.step;
  state_.tokens += static_cast<std::int64_t>(tokens);
  const double weight = std::max(0.02, 1.0 / static_cast<double>(state_.step));  // about the last 50 steps
  state_.loss += weight * (loss - state_.loss);
  return loss;
}

double Stepper::evaluate(const Windows& windows) {
  return run(windows, false) / static_cast<double>(windows.targets.size());
}

}  // namespace splitwan::scenarios
