#include "engine/drafters.hh"

#include <algorithm>
#include <deque>
#include <map>

#include "engine/error.hh"

namespace splitwan::engine {
namespace {

class Sequential : public Drafter {
 public:
  TokenBatch propose(std::span<const Token> context, int) override {
    return TokenBatch::chain(context.last(1));
  }
};

// Adds a chain below row 0, reusing rows that a former candidate already has.
void graft(TokenBatch& batch, std::span<const Token> chain) {
  std::int32_t at = 0;
  for (const Token token : chain) {
    std::int32_t next = -1;
    for (std::int32_t row = at + 1; row < batch.rows() && next < 0; ++row) {
      if (batch.parent[row] == at && batch.ids[row] == token) next = row;
    }
    if (next < 0) {
      next = batch.rows();
      batch.ids.push_back(token);
      batch.parent.push_back(at);
    }
    at = next;
  }
}

class Ngram : public Drafter {
 public:
  explicit Ngram(NgramOptions options) : options_(options) {}

  TokenBatch propose(std::span<const Token> context, int room) override {
    learn(context);
    TokenBatch batch = TokenBatch::chain(context.last(1));
    const auto found = pool_.find(context.back());
    if (found == pool_.end() || room < 1) return batch;
    for (const auto& continuation : found->second) {
      const auto length = std::min<std::size_t>(continuation.size(), room);
      graft(batch, std::span(continuation).first(length));
    }
    return batch;
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

std::unique_ptr<Drafter> make_sequential() { return std::make_unique<Sequential>(); }
std::unique_ptr<Drafter> make_ngram(NgramOptions options) { return std::make_unique<Ngram>(options); }

std::unique_ptr<Drafter> make_drafter(const std::string& name) {
  if (name == "sequential") return make_sequential();
  if (name == "ngram") return make_ngram({});
  for (int n = 3; n <= 7; ++n) {
    if (name == "ngram-" + std::to_string(n)) return make_ngram({.n = n});
  }
  throw Error("decode '{}': expected sequential, ngram, or ngram-3 to ngram-7", name);
}

}  // namespace splitwan::engine
