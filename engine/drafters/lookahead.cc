#include "engine/drafters/lookahead.hh"

#include <algorithm>

#include "engine/drafters/ngram_pool.hh"

namespace splitwan::engine {
namespace {

class Lookahead : public Drafter {
 public:
  explicit Lookahead(LookaheadOptions o)
      : window_(static_cast<std::size_t>(o.window)), n_(static_cast<std::size_t>(o.n)), pool_(o.candidates) {}

  TokenBatch propose(Party& party, std::span<const Token> context, int room) override {
    return party.work({.phase = Phase::draft}, [&] {
      learn(context);
      TokenBatch batch = TokenBatch::chain(context.last(1));
      const auto depth = static_cast<std::size_t>(std::max(room, 0));
      for (const auto& candidate : pool_.after(context.back()))
        graft(batch, 0, std::span(candidate).first(std::min(depth, candidate.size())));
      if (levels_.empty()) begin_window(context);
      add_window(batch, depth);
      return batch;
    });
  }

  void verified(Party&, const Verified& step) override {
    std::vector<Token> fresh;
    for (std::size_t column = 0; column < ends_.size(); ++column) {
      fresh.push_back(step.choice(ends_[column]));
      std::vector<Token> ngram;
      ngram.reserve(levels_.size() + 1);
      for (const auto& level : levels_) ngram.push_back(level[column]);
      ngram.push_back(fresh.back());
      if (levels_.size() + 1 == n_) pool_.add(ngram);
    }
    for (auto& level : levels_) level.resize(fresh.size());
    levels_.push_back(std::move(fresh));
    if (levels_.size() == n_) {
      levels_.erase(levels_.begin());  // level 1 begins one position on, as the text does
    } else {
      for (auto& level : levels_) level.erase(level.begin(), level.begin() + (level.empty() ? 0 : 1));
    }
  }

 private:
  // Takes in the text's n-grams that have become complete since the last call.
  void learn(std::span<const Token> context) {
    for (; learned_ + n_ <= context.size(); ++learned_) pool_.add(context.subspan(learned_, n_));
  }

  // Level 0 alone, of tokens from all over the text; the other levels come with the next n - 2 steps, which
  // take a column each.
  void begin_window(std::span<const Token> context) {
    std::vector<Token> level;
    for (std::size_t i = 0; i < window_ + n_ - 2; ++i)
      level.push_back(context[i * 7919 % context.size()]);  // a prime, as a stride that jumps about
    levels_.push_back(std::move(level));
  }

  // As many columns as end within `depth`.
  void add_window(TokenBatch& batch, std::size_t depth) {
    ends_.clear();
    std::int32_t first = 0;
    for (std::size_t column = 0; column < levels_[0].size(); ++column) {
      if (column + levels_.size() > depth) return;
      std::int32_t row = 0;
      for (std::size_t level = 0; level < levels_.size(); ++level) {
        row = graft(batch, level == 0 ? first : row, std::span(levels_[level]).subspan(column, 1));
        if (level == 0) first = row;
      }
      ends_.push_back(row);
    }
  }

  std::size_t window_, n_;
  NgramPool pool_;
  std::size_t learned_ = 0;                 // the text's n-grams before this position are in the pool
  std::vector<std::vector<Token>> levels_;  // the window, [level][column]
  std::vector<std::int32_t> ends_;          // the last row of each column that was proposed
};

}  // namespace

std::unique_ptr<Drafter> make_lookahead(LookaheadOptions options) {
  return std::make_unique<Lookahead>(options);
}

}  // namespace splitwan::engine
