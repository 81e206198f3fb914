#include "engine/drafters/jacobi.hh"

#include <algorithm>

namespace splitwan::engine {
namespace {

class Jacobi : public Drafter {
 public:
  explicit Jacobi(JacobiOptions options) : block_(static_cast<std::size_t>(options.block)) {}

  TokenBatch propose(Party&, std::span<const Token> context, int room) override {
    if (open_.empty()) begin_block(context);
    std::vector<Token> rows = {context.back()};
    const auto count = std::min(open_.size(), static_cast<std::size_t>(std::max(room, 0)));
    rows.insert(rows.end(), open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(count));
    return TokenBatch::chain(rows);
  }

  // The rows kept fixed as many tokens; what the model puts after each row behind them is the next guess at
  // the row below it.
  void verified(Party&, const Verified& step) override {
    const std::size_t fixed = step.accepted.size();
    const std::size_t left = open_.size() > fixed ? open_.size() - fixed : 0;
    std::vector<Token> next;
    const auto rows = static_cast<std::size_t>(step.batch.rows());
    for (std::size_t row = fixed; row < rows && next.size() < left; ++row)
      next.push_back(step.choice(static_cast<std::int32_t>(row)));
    open_ = std::move(next);
  }

 private:
  // Any guess will do; tokens that have just been used are likelier than most.
  void begin_block(std::span<const Token> context) {
    for (std::size_t i = 0; i < block_; ++i)
      open_.push_back(context[context.size() - 1 - i % context.size()]);
    std::reverse(open_.begin(), open_.end());
  }

  std::size_t block_;
  std::vector<Token> open_;  // guesses at the block's tokens that are not fixed yet
};

}  // namespace

std::unique_ptr<Drafter> make_jacobi(JacobiOptions options) { return std::make_unique<Jacobi>(options); }

}  // namespace splitwan::engine
