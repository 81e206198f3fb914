#include "engine/drafters/drafter.hh"

namespace splitwan::engine {

std::int32_t child_holding(const TokenBatch& batch, std::int32_t row, Token token) {
  for (std::int32_t next = row + 1; next < batch.rows(); ++next) {
    if (batch.parent[next] == row && batch.ids[next] == token) return next;
  }
  return -1;
}

std::int32_t graft(TokenBatch& batch, std::int32_t row, std::span<const Token> chain) {
  for (const Token token : chain) {
    std::int32_t next = child_holding(batch, row, token);
    if (next < 0) {
      next = batch.rows();
      batch.ids.push_back(token);
      batch.parent.push_back(row);
    }
    row = next;
  }
  return row;
}

}  // namespace splitwan::engine
