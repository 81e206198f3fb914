// How fast this machine runs a model's layers, against what its memory and arithmetic allow.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/checkpoint.hh"
#include "engine/storage.hh"

namespace splitwan::scenarios {

using engine::Json;

struct BenchPlan {
  std::vector<int> rows = {1, 2, 4, 8, 16, 32}, prefill = {128, 512};
  int context = 512;  // tokens in the cache before a decode step
  int threads = 1, repetitions = 7;
  bool all_logits = true;  // of every row, as verification needs; else of the last row only
};

struct Machine {
  double bytes_per_s = 0;  // read from memory, all threads
  double flops_per_s = 0;  // f32 matrix product, libtorch's BLAS, all threads
};
Machine measure_machine(int threads);

// A model that is nowhere: "mistral-7b-4l" or "llama-15m". Throws Error on another name.
engine::ModelConfig geometry_named(const std::string&);

// Median times of interleaved repetitions: {decode: [{storage, rows, ms_per_step, spread, layers_ms, logits_ms,
// bandwidth_share}], prefill: [{storage, rows, ms, spread, gemm_share}], weight_bytes, other_us_per_layer}. Spread:
// (third - first quartile) / median.
Json bench(engine::Checkpoint&, engine::Storage, const BenchPlan&, const Machine&,
           const std::function<void(std::size_t done, std::size_t total)>& progress);

}  // namespace splitwan::scenarios
