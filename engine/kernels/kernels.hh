// The CPU arithmetic, on plain pointers. No torch, no threads: callers give ranges.
//
// Batch invariance is the contract: every output is one chain of operations whose order depends on the row's
// own data and positions only, never on how many rows share the call, on the chunking of a prompt or on
// threads. Instruction sets may differ from each other in the last bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/kernels/storage.hh"

namespace splitwan::engine::kernels {

constexpr int panel = 16;           // output rows packed together, k-major
constexpr int panels_together = 6;  // ranges of panels that start at a multiple of this fill every tile
constexpr int block_slots = 16;     // cache slots whose keys lie together, dimension-major
constexpr int chunk_slots = 256;
constexpr int group_of(Storage s) { return s == Storage::int8 ? 64 : 32; }  // inputs that share a scale

std::size_t panel_bytes(Storage, std::int64_t k);
// Room for `rows` rows of k activations in any storage's form.
std::size_t activation_bytes(std::int64_t rows, std::int64_t k);

// 16 rows of a weight matrix as they lie on disk; a null row is zero.
struct PanelSource {
  const std::byte* rows[panel] = {};
  DType types[panel] = {};
};

// Slots [begin, end) of a cache.
struct SlotRun {
  std::int32_t begin = 0, end = 0;
};

// One kv head of a layer's cache, in chunks of chunk_slots. Keys: [slot / 16][head_dim][16]; values:
// [slot][head_dim].
struct HeadCache {
  const float* const* chunks = nullptr;  // one per chunk
  std::size_t keys = 0, values = 0;      // where the head's keys and values start in each chunk
};

struct AttentionShape {
  int head_dim = 0, heads = 0;  // query heads that share this key head
  float scale = 1;
  float cap = 0;  // of scaled scores: cap * tanh(score / cap); 0 = none
};

// One set per instruction set.
struct Set {
  const char* name;
  int tile_rows;  // rows that share a pass over the weights; activations are laid out in groups of these

  void (*pack_panel)(Storage, const PanelSource&, std::int64_t k, void* out);
  // Lays out groups [first, last) of x [rows, k] as the storage's product wants them.
  void (*pack_activations)(Storage, const float* x, std::int64_t k, std::int64_t rows, std::int64_t first,
                           std::int64_t last, void* out);
  // y[r, j] = sum over i of x[r, i] * w[j, i] for panels [first, last); y: [rows, m].
  void (*linear)(Storage, const void* packed, std::int64_t k, std::int64_t m, std::int64_t first,
                 std::int64_t last, const void* activations, std::int64_t rows, float* y);

  void (*rms_norm)(const float* x, const float* gain, std::int64_t n, float eps, float* y);
  // Rotates head_dim values, halves paired (Hugging Face's layout): (x[i], x[i + head_dim / 2]).
  void (*rope)(float* x, const float* cosine, const float* sine, std::int64_t head_dim);
  void (*silu_mul)(const float* gate, const float* up, std::int64_t n, float* out);
  void (*gelu_mul)(const float* gate, const float* up, std::int64_t n, float* out);  // GELU's tanh form
  void (*add)(float* x, const float* y, float scale, std::int64_t n);                // x += scale * y
  void (*soft_cap)(float* x, float cap, std::int64_t n);  // x = cap * tanh(x / cap)
  void (*widen)(const std::byte* from, DType, std::int64_t n, float* to);
  // The query heads of one row over the slots of `runs`, which are in order of position. scores: scratch of
  // attention_scratch() floats. query, out: [heads, head_dim].
  void (*attention)(const AttentionShape&, const float* query, const HeadCache&,
                    std::span<const SlotRun> runs, float* scores, float* out);
  // The sum of x, read as fast as memory gives it: what a product can hope for.
  float (*read_all)(const float* x, std::int64_t n);
};

std::size_t attention_scratch(int heads, std::int64_t slots);

// The best set of this machine; all that it can run, the best first.
const Set& best();
std::span<const Set* const> available();
// What best() answers from now on; tests and benchmarks compare sets with it.
void use(const Set&);

}  // namespace splitwan::engine::kernels
