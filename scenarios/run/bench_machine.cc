#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/geometry.hh"
#include "scenarios/run/bench.hh"

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

// The best of three, over 512 MiB: far beyond every cache.
double read_bandwidth(const std::vector<std::uint64_t>& memory, int threads) {
  const std::size_t words = memory.size() / threads;
  double best = 0;
  for (int repetition = 0; repetition < 3; ++repetition) {
    std::vector<std::uint64_t> results(threads);
    const double begin = now_s();
    std::vector<std::thread> readers;
    readers.reserve(threads);
    for (int t = 0; t < threads; ++t)
      readers.emplace_back([&, t] { results[t] = sum(memory.data() + words * t, words); });
    for (std::thread& reader : readers) reader.join();
    if (results[0] == 0) throw engine::Error("bench: memory reads as zero");
    best = std::max(best, static_cast<double>(words * threads * 8) / (now_s() - begin));
  }
  return best;
}

double gemm_rate(const at::Tensor& a, const at::Tensor& b, at::Tensor& c) {
  const double n = static_cast<double>(a.size(0));
  double best = 0;
  for (int repetition = 0; repetition < 2; ++repetition) {
    const double begin = now_s();
    at::mm_out(c, a, b);
    best = std::max(best, 2 * n * n * n / (now_s() - begin));
  }
  return best;
}

}  // namespace

Machine this_machine(int threads) {
  auto memory = std::make_shared<std::vector<std::uint64_t>>(std::size_t{1} << 26, 1);
  const at::Tensor a = at::rand({1536, 1536}), b = at::rand({1536, 1536});
  return {[memory, threads] { return read_bandwidth(*memory, threads); },
          [a, b, c = at::empty({1536, 1536})]() mutable { return gemm_rate(a, b, c); }};
}

engine::ModelConfig bench_geometry(const std::string& name) {
  const bool first_layers = name == "mistral-7b-4l";  // all 32 would not fit many a machine
  if (!first_layers && name != "llama-15m")
    throw engine::Error("geometry '{}': expected mistral-7b-4l or llama-15m", name);
  const engine::Geometry& g = engine::geometry_named(first_layers ? "mistral-7b" : name);
  engine::ModelConfig c;
  c.context = 4096;
  c.vocabulary = static_cast<int>(g.vocabulary);
  c.layers = first_layers ? 4 : static_cast<int>(g.layers);
  c.width = static_cast<int>(g.width);
  c.heads = static_cast<int>(g.heads);
  c.kv_heads = static_cast<int>(g.kv_heads);
  c.head_dim = static_cast<int>(g.head_dim);
  c.ffn = static_cast<int>(g.ffn);
  return c;
}

}  // namespace splitwan::scenarios
