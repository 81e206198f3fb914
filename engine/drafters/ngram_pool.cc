#include "engine/drafters/ngram_pool.hh"

#include <algorithm>

namespace splitwan::engine {

void NgramPool::add(std::span<const Token> ngram) {
  auto& known = pool_[ngram[0]];
  const Continuation continuation(ngram.begin() + 1, ngram.end());
  const auto old = std::find(known.begin(), known.end(), continuation);
  if (old != known.end()) known.erase(old);
  known.push_front(continuation);
  if (known.size() > candidates_) known.pop_back();
}

const std::deque<NgramPool::Continuation>& NgramPool::after(Token first) const {
  static const std::deque<Continuation> none;
  const auto found = pool_.find(first);
  return found == pool_.end() ? none : found->second;
}

}  // namespace splitwan::engine
