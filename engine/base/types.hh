// Words everyone shares: tokens, layers, parties, one step's rows. No torch.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace splitwan::engine {

using Token = std::int32_t;
using PartyId = std::uint32_t;
using Nanos = std::chrono::nanoseconds;
inline double seconds(Nanos t) { return std::chrono::duration<double>(t).count(); }
using Bytes = std::vector<std::byte>;

inline constexpr int prefill_rows = 128;  // of one message of a prompt; the messages are sent without waiting

// [begin, end) of decoder layers.
struct LayerRange {
  int begin = 0, end = 0;
  int size() const { return end - begin; }
  bool operator==(const LayerRange&) const = default;
};

// Who holds which layers. head and tail stay with the client, middle goes to the server.
struct SplitPlan {
  LayerRange head, middle, tail;
  // Throws Error when head_layers + tail_layers leave the server nothing to do.
  static SplitPlan of(int layers, int head_layers, int tail_layers);
};

// One trip through the model: a tree of rows. parent[i] is the row that row i follows, -1 the committed
// context; parents precede children. Position = committed tokens + depth; a row attends to the committed
// context, to its ancestors and to itself.
struct TokenBatch {
  std::vector<Token> ids;
  std::vector<std::int32_t> parent;

  static TokenBatch chain(std::span<const Token> ids);
  int rows() const { return static_cast<int>(ids.size()); }
};

// Number of ancestors of each row. Throws Error when a parent does not precede its child.
std::vector<std::int32_t> depths(std::span<const std::int32_t> parent);

// Row indices from the root down to `row`, itself included.
std::vector<std::int32_t> path_to(std::span<const std::int32_t> parent, std::int32_t row);

bool is_chain(std::span<const std::int32_t> parent);

}  // namespace splitwan::engine
