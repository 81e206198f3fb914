// How fast this machine runs a model's layers, against what its memory and arithmetic allow.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/storage.hh"

namespace splitwan::scenarios {

using engine::Json;

struct BenchPlan {
  std::vector<int> rows = {1, 2, 4, 8, 16, 32}, prefill = {128, 512};
  int context = 512;  // tokens in the cache before a decode step
  int threads = 1, repetitions = 7;
  bool all_logits = true;  // of every row, as verification needs; else of the last row only
};

// What the machine gives now, all threads. Asked beside every measurement: the memory of a shared machine was
// seen to change between 30 and 50 GB/s within seconds.
struct Machine {
  std::function<double()> bytes_per_s;  // read from memory
  std::function<double()> flops_per_s;  // f32 matrix product, libtorch's BLAS
};
Machine this_machine(int threads);

// Throws Error where a model of noise, named in it, is larger than the memory that is free.
void check_fits(const std::string& name, const engine::ModelConfig&, engine::Storage, double free_bytes);
double free_memory();  // bytes, as the kernel says; infinite where it says nothing

// Median times of interleaved repetitions: {decode: [{storage, rows, ms_per_step, spread, layers_ms,
// logits_ms, bandwidth_share, share_spread}], prefill: [{storage, rows, ms, spread, gemm_share,
// share_spread}], weight_bytes, other_us_per_layer, memory_bandwidth_bytes_per_s, gemm_flops_per_s}. Spread:
// (third - first quartile) / median. Shares are medians of each repetition's own share of what the machine
// gave in that repetition.
Json bench(engine::Checkpoint&, engine::Storage, const BenchPlan&, const Machine&,
           const std::function<void(std::size_t done, std::size_t total)>& progress);

}  // namespace splitwan::scenarios
