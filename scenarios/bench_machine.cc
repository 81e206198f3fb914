#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "engine/error.hh"
#include "scenarios/bench.hh"

namespace splitwan::scenarios {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Eight running sums over 64-bit words: as fast as memory gives them.
std::uint64_t sum(const std::uint64_t* words, std::size_t count) {
  std::uint64_t sums[32] = {};
  for (std::size_t i = 0; i + 32 <= count; i += 32)
    for (int j = 0; j < 32; ++j) sums[j] += words[i + j];
  return std::accumulate(std::begin(sums), std::end(sums), std::uint64_t{0});
}

double read_bandwidth(int threads) {
  constexpr std::size_t words = std::size_t{1} << 27;  // 1 GiB: far beyond every cache
  const std::vector<std::uint64_t> memory(words, 1);
  double best = 0;
  for (int repetition = 0; repetition < 5; ++repetition) {
    std::vector<std::uint64_t> results(threads);
    const double begin = now_s();
    std::vector<std::thread> readers;
    for (int t = 0; t < threads; ++t)
      readers.emplace_back([&, t] { results[t] = sum(memory.data() + words / threads * t, words / threads); });
    for (std::thread& reader : readers) reader.join();
    const double took = now_s() - begin;
    if (results[0] == 0) throw engine::Error("bench: memory reads as zero");
    best = std::max(best, static_cast<double>(words / threads * threads * 8) / took);
  }
  return best;
}

double gemm_peak() {
  const std::int64_t n = 1536;
  const at::Tensor a = at::rand({n, n}), b = at::rand({n, n});
  at::Tensor c = at::empty({n, n});
  double best = 0;
  for (int repetition = 0; repetition < 5; ++repetition) {
    const double begin = now_s();
    at::mm_out(c, a, b);
    best = std::max(best, 2.0 * static_cast<double>(n * n * n) / (now_s() - begin));
  }
  return best;
}

}  // namespace

Machine measure_machine(int threads) {
  at::set_num_threads(threads);
  return {read_bandwidth(threads), gemm_peak()};
}

engine::ModelConfig geometry_named(const std::string& name) {
  engine::ModelConfig c;
  c.context = 4096;
  c.vocabulary = 32000;
  if (name == "mistral-7b-4l") {
    c.layers = 4;
    c.width = 4096;
    c.heads = 32;
    c.kv_heads = 8;
    c.head_dim = 128;
    c.ffn = 14336;
  } else if (name == "llama-15m") {
    c.layers = 6;
    c.width = 288;
    c.heads = c.kv_heads = 6;
    c.head_dim = 48;
    c.ffn = 768;
  } else {
    throw engine::Error("geometry '{}': expected mistral-7b-4l or llama-15m", name);
  }
  return c;
}

}  // namespace splitwan::scenarios
