#include "engine/drafters/ngram.hh"

#include <algorithm>

#include "engine/drafters/ngram_pool.hh"

namespace splitwan::engine {
namespace {

class Ngram : public Drafter {
 public:
  explicit Ngram(NgramOptions options) : n_(static_cast<std::size_t>(options.n)), pool_(options.candidates) {}

  TokenBatch propose(Party& party, std::span<const Token> context, int room) override {
    return party.work({.phase = Phase::draft}, [&] {
      for (; learned_ + n_ <= context.size(); ++learned_) pool_.add(context.subspan(learned_, n_));
      TokenBatch batch = TokenBatch::chain(context.last(1));
      if (room < 1) return batch;
      for (const auto& continuation : pool_.after(context.back())) {
        const auto length = std::min<std::size_t>(continuation.size(), room);
        graft(batch, 0, std::span(continuation).first(length));
      }
      return batch;
    });
  }

 private:
  std::size_t n_;
  NgramPool pool_;
  std::size_t learned_ = 0;  // n-grams that begin before this position are in the pool
};

}  // namespace

std::unique_ptr<Drafter> make_ngram(NgramOptions options) { return std::make_unique<Ngram>(options); }

}  // namespace splitwan::engine
