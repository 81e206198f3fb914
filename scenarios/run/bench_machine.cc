#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "engine/kernels/arena.hh"
#include "engine/kernels/kernels.hh"
#include "scenarios/run/bench.hh"

namespace splitwan::scenarios {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Over 512 MiB, far beyond every cache; the median of five, as steps are judged by their median.
double read_bandwidth(const engine::Arena& memory, int threads) {
  const auto floats = static_cast<std::int64_t>(memory.size() / sizeof(float)) / threads;
  std::vector<double> rates;
  for (int repetition = 0; repetition < 5; ++repetition) {
    std::vector<float> sums(static_cast<std::size_t>(threads));
    const double begin = now_s();
    std::vector<std::thread> readers;
    readers.reserve(sums.size());
    for (std::size_t t = 0; t < sums.size(); ++t)
      readers.emplace_back([&, t] {
        sums[t] = engine::kernels::best().read_all(memory.as<float>() + floats * static_cast<std::int64_t>(t),
                                                   floats);
      });
    for (std::thread& reader : readers) reader.join();
    if (sums[0] == 0) throw engine::Error("bench: memory reads as zero");
    rates.push_back(static_cast<double>(floats * threads) * sizeof(float) / (now_s() - begin));
  }
  return engine::quantile(rates, 0.5);
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
  auto memory = std::make_shared<engine::Arena>(std::size_t{1} << 29);
  std::fill_n(memory->as<float>(), memory->size() / sizeof(float), 1.f);
  const at::Tensor a = at::rand({1536, 1536}), b = at::rand({1536, 1536});
  return {[memory, threads] { return read_bandwidth(*memory, threads); },
          [a, b, c = at::empty({1536, 1536})]() mutable { return gemm_rate(a, b, c); }};
}

void check_fits(const std::string& name, const engine::ModelConfig& c, engine::Storage storage,
                double free_bytes) {
  const bool floats = storage == engine::Storage::automatic || storage == engine::Storage::f32;
  const double embedding = static_cast<double>(c.vocabulary) * c.width;  // and the head's own copy
  const double per_weight = static_cast<double>(engine::kernels::panel_bytes(
                                engine::storage_of(storage, engine::DType::f32), c.width)) /
                            (static_cast<double>(engine::kernels::panel) * c.width);
  const double bytes =
      (c.layers * layer_weights(c).all() + embedding) * per_weight + embedding * (floats ? 8 : 4);
  if (bytes < free_bytes) return;
  throw engine::Error(
      "geometry '{}': about {:.3g} GB in {}, of {:.3g} GB that are free: expected fewer layers, as in "
      "mistral-7b-4l",
      name, bytes / 1e9, name_of(storage), free_bytes / 1e9);
}

double free_memory() {
  std::ifstream file("/proc/meminfo");
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("MemAvailable:")) return std::strtod(line.c_str() + 13, nullptr) * 1024;
  return std::numeric_limits<double>::infinity();
}

}  // namespace splitwan::scenarios
