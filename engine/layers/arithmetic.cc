#include "engine/layers/arithmetic.hh"

#include <cmath>

#include "engine/base/error.hh"
#include "engine/layers/chunked_slots.hh"
#include "engine/layers/linear.hh"
#include "engine/layers/rope.hh"

namespace splitwan::engine {
namespace {

constexpr std::int64_t inputs = 64, outputs = 32, sample_rows = 3, sample_slots = 40;

// Fixed numbers between -0.5 and 0.5.
std::vector<float> sample(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<float>(seed >> 8) * 0x1p-24F - 0.5F;
  }
  return values;
}

class Fingerprint {
 public:
  void add(std::span<const float> values) {
    for (const std::byte b : std::as_bytes(values))
      hash_ = (hash_ ^ std::to_integer<std::uint64_t>(b)) * 0x100000001b3;
  }
  std::uint32_t value() const { return static_cast<std::uint32_t>(hash_ ^ hash_ >> 32); }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;  // FNV-1a
};

std::vector<float> product_of(const std::vector<float>& x, Storage storage) {
  const std::vector<float> weights = sample(inputs * outputs, 2);
  const TensorView view{"sample", DType::f32, {outputs, inputs}, std::as_bytes(std::span(weights))};
  std::vector<float> y(sample_rows * outputs);
  PackedLinear(std::span(&view, 1), inputs, storage)(x.data(), sample_rows, y.data());
  return y;
}

// One query of one head over a few slots.
std::vector<float> attention_of(const std::vector<float>& query, int dim) {
  ChunkedSlots slots(1, 1, dim);
  slots.fit(sample_slots, 0);
  for (int slot = 0; slot < sample_slots; ++slot) {
    const auto both = sample(2 * static_cast<std::size_t>(dim), 100 + static_cast<std::uint32_t>(slot));
    slots.put(0, slot, both.data(), both.data() + dim);
  }
  const kernels::SlotRun run{0, sample_slots};
  std::vector<float> scores(kernels::attention_scratch(1, sample_slots)), out(query.size());
  const kernels::AttentionShape shape{dim, 1, 1.F / std::sqrt(static_cast<float>(dim))};
  kernels::best().attention(shape, query.data(), slots.head(0, 0), std::span(&run, 1), scores.data(),
                            out.data());
  return out;
}

}  // namespace

std::string arithmetic_of(const ModelConfig& config, Storage storage) {
  const kernels::Set& set = kernels::best();
  Fingerprint print;
  const std::vector<float> x = sample(sample_rows * inputs, 1), gain = sample(inputs, 3);
  std::vector<float> y(inputs);
  set.rms_norm(x.data(), gain.data(), inputs, 1e-5F, y.data());
  print.add(y);
  set.silu_mul(x.data(), gain.data(), inputs, y.data());
  print.add(y);
  print.add(product_of(x, storage));
  const auto dim = static_cast<std::size_t>(config.head_dim);
  const std::vector<std::int32_t> positions = {1, 77, config.context - 1};
  std::vector<float> cosine(positions.size() * dim / 2), sine(cosine.size()), query = sample(dim, 4);
  Rotary(config, 0).angles(Turn::main, positions, cosine.data(), sine.data());
  print.add(cosine);
  print.add(sine);
  set.rope(query.data(), cosine.data(), sine.data(), config.turning_dims());
  print.add(attention_of(query, config.head_dim));
  return fmt::format("{} {} {:08x}", set.name, name_of(storage), print.value());
}

}  // namespace splitwan::engine
