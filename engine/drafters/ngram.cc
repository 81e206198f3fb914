#include "engine/drafters/ngram.hh"

#include <algorithm>
#include <deque>
#include <map>

namespace splitwan::engine {
namespace {

class Ngram : public Drafter {
 public:
  explicit Ngram(NgramOptions options) : options_(options) {}

  TokenBatch propose(Party& party, std::span<const Token> context, int room) override {
    return party.work({.phase = Phase::draft}, [&] {
      learn(context);
      TokenBatch batch = TokenBatch::chain(context.last(1));
      const auto found = pool_.find(context.back());
      if (found == pool_.end() || room < 1) return batch;
      for (const auto& continuation : found->second) {
        const auto length = std::min<std::size_t>(continuation.size(), room);
        graft(batch, 0, std::span(continuation).first(length));
      }
      return batch;
    });
  }

 private:
  using Continuation = std::vector<Token>;

  // Takes in the n-grams that have become complete since the last call.
  void learn(std::span<const Token> context) {
    const auto n = static_cast<std::size_t>(options_.n);
    for (; learned_ + n <= context.size(); ++learned_) {
      const auto ngram = context.subspan(learned_, n);
      auto& known = pool_[ngram[0]];
      const Continuation continuation(ngram.begin() + 1, ngram.end());
      const auto old = std::find(known.begin(), known.end(), continuation);
      if (old != known.end()) known.erase(old);
      known.push_front(continuation);
      if (known.size() > static_cast<std::size_t>(options_.candidates)) known.pop_back();
    }
  }

  NgramOptions options_;
  std::size_t learned_ = 0;  // n-grams that begin before this position are in the pool
  std::map<Token, std::deque<Continuation>> pool_;
};

}  // namespace

std::unique_ptr<Drafter> make_ngram(NgramOptions options) { return std::make_unique<Ngram>(options); }

}  // namespace splitwan::engine
