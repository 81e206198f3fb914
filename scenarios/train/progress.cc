#include "scenarios/train/progress.hh"

#include <cstdio>

#include "engine/base/error.hh"
#include "scenarios/console/console.hh"

namespace splitwan::scenarios {

using std::chrono::duration;
using std::chrono::steady_clock;

TrainProgress::TrainProgress(std::int64_t steps) : steps_(steps), terminal_(redraws_stderr()) {}

void TrainProgress::show(const TrainState& state, double rate) {
  const Instant now = steady_clock::now();
  if (begin_tokens_ < 0) {
    begin_tokens_ = state.tokens;
    begin_ = shown_ = now;
    return;
  }
  const double elapsed = duration<double>(now - begin_).count();
  tokens_per_s_ = static_cast<double>(state.tokens - begin_tokens_) / elapsed;
  if (duration<double>(now - shown_).count() < (terminal_ ? 0.5 : 10.0) && state.step < steps_) return;
  shown_ = now;
  const double per_step = static_cast<double>(state.tokens) / static_cast<double>(state.step);
  const double left_s = static_cast<double>(steps_ - state.step) * per_step / tokens_per_s_;
  constexpr int width = 24;
  const auto filled = static_cast<int>(width * state.step / steps_);
  const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
  const std::string line =
      fmt::format("step {}/{}  loss {:.3f}  rate {:.1e}  {:.0f} tokens/s  {:.0f} min left", state.step,
                  steps_, state.loss, rate, tokens_per_s_, left_s / 60);
  std::fputs((terminal_ ? fmt::format("\r\033[K[{}] {}", bar, line) : line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

void TrainProgress::clear() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

}  // namespace splitwan::scenarios
