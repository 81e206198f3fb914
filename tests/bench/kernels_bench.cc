// Single operations at Mistral-7B shapes: what a step is made of. Not a test: nothing here is gated.
#include <benchmark/benchmark.h>

#include <vector>

#include "engine/kernels/kernels.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {
namespace {

using kernels::best;

void Linear(benchmark::State& state, Storage storage) {
  const std::int64_t k = 4096, m = 4096, rows = state.range(0);
  const std::vector<float> weights(16 * k, 0.01f), x(rows * k, 0.5f);
  kernels::PanelSource source;
  for (int j = 0; j < 16; ++j) {
    source.rows[j] = reinterpret_cast<const std::byte*>(weights.data() + j * k);
    source.types[j] = DType::f32;
  }
  const std::size_t each = kernels::panel_bytes(storage, k);
  std::vector<std::byte> packed(each * (m / 16)), activations(kernels::activation_bytes(rows, k));
  for (std::int64_t p = 0; p < m / 16; ++p) best().pack_panel(storage, source, k, packed.data() + p * each);
  std::vector<float> y(rows * m);
  const std::int64_t groups = (rows + best().tile_rows - 1) / best().tile_rows;
  for (auto _ : state) {
    best().pack_activations(storage, x.data(), k, rows, 0, groups, activations.data());
    best().linear(storage, packed.data(), k, m, 0, m / 16, activations.data(), rows, y.data());
    benchmark::DoNotOptimize(y.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(packed.size()));
  state.counters["flops"] = benchmark::Counter(2.0 * static_cast<double>(rows * k * m),
                                               benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK_CAPTURE(Linear, f32, Storage::f32)->Arg(1)->Arg(4)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(Linear, bf16, Storage::bf16)->Arg(1)->Arg(4)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(Linear, f16, Storage::f16)->Arg(1)->Arg(4)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(Linear, int8, Storage::int8)->Arg(1)->Arg(4)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(Linear, int4, Storage::int4)->Arg(1)->Arg(4)->Arg(16)->Arg(128);

void RmsNorm(benchmark::State& state) {
  std::vector<float> x(4096, 0.5f), gain(4096, 1.f), y(4096);
  for (auto _ : state) {
    best().rms_norm(x.data(), gain.data(), 4096, 1e-5f, y.data());
    benchmark::DoNotOptimize(y.data());
  }
}
BENCHMARK(RmsNorm);

void SiluMul(benchmark::State& state) {
  std::vector<float> gate(14336, 0.5f), up(14336, 1.f), y(14336);
  for (auto _ : state) {
    best().silu_mul(gate.data(), up.data(), 14336, y.data());
    benchmark::DoNotOptimize(y.data());
  }
}
BENCHMARK(SiluMul);

void Rope(benchmark::State& state) {
  std::vector<float> x(40 * 128, 0.5f), turn(64, 0.7f);
  for (auto _ : state) {
    for (int head = 0; head < 40; ++head) best().rope(x.data() + head * 128, turn.data(), turn.data(), 128);
    benchmark::DoNotOptimize(x.data());
  }
}
BENCHMARK(Rope);

// One row of a 7B model, f16: what each direction of a step puts together and takes apart.
void FrameAndCopy(benchmark::State& state) {
  Message m;
  m.header.rows = 1;
  m.header.width = 4096;
  m.payload.resize(8192);
  for (auto _ : state) {
    const Bytes bytes = encode(m);
    const Message back = decode(bytes);
    benchmark::DoNotOptimize(back.payload.data());
  }
}
BENCHMARK(FrameAndCopy);

}  // namespace
}  // namespace splitwan::engine

BENCHMARK_MAIN();
