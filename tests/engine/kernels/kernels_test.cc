// The CPU arithmetic between the products, against ATen, for every instruction set of this machine.
#include "engine/kernels/kernels.hh"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/layers/chunked_slots.hh"

namespace splitwan::engine {
namespace {

class Kernels : public testing::TestWithParam<const kernels::Set*> {
 protected:
  const kernels::Set& set() { return *GetParam(); }
};

TEST_P(Kernels, normalise_by_the_root_mean_square) {
  at::manual_seed(5);
  for (const int n : {5, 70, 512}) {
    const at::Tensor x = at::randn({n}), gain = at::rand({n});
    at::Tensor y = at::empty_like(x);
    set().rms_norm(x.data_ptr<float>(), gain.data_ptr<float>(), n, 1e-5f, y.data_ptr<float>());
    EXPECT_TRUE(at::allclose(y, x / at::sqrt(x.square().mean() + 1e-5) * gain, 1e-5, 1e-6));
  }
}

TEST_P(Kernels, attend_with_a_softmax_over_the_slots_they_are_given) {
  at::manual_seed(6);
  const int dim = 20, kv_heads = 2, slots = 300;
  const at::Tensor k = at::randn({slots, kv_heads, dim}), v = at::randn({slots, kv_heads, dim});
  ChunkedSlots cache(1, kv_heads, dim);
  cache.fit(slots, 0);
  for (int s = 0; s < slots; ++s)
    cache.put(0, s, k[s].contiguous().data_ptr<float>(), v[s].contiguous().data_ptr<float>());
  const std::vector<kernels::SlotRun> runs = {{3, 4}, {10, 47}, {250, 290}, {299, 300}};
  std::vector<std::int64_t> seen;
  for (const auto r : runs) {
    for (int s = r.begin; s < r.end; ++s) seen.push_back(s);
  }
  const at::Tensor rows = at::tensor(seen);
  for (const int group : {1, 3, 4, 7}) {
    for (int head = 0; head < kv_heads; ++head) {
      const at::Tensor q = at::randn({group, dim});
      const at::Tensor keys = k.select(1, head).index({rows}), values = v.select(1, head).index({rows});
      const at::Tensor expected = at::softmax(q.matmul(keys.t()) * 0.25, 1).matmul(values);
      at::Tensor out = at::empty({group, dim});
      std::vector<float> scores(kernels::attention_scratch(group, slots));
      set().attention({dim, group, 0.25f}, q.data_ptr<float>(), cache.head(0, head), runs, scores.data(),
                      out.data_ptr<float>());
      EXPECT_TRUE(at::allclose(out, expected, 1e-5, 1e-6)) << group << " heads";
    }
  }
}

TEST_P(Kernels, attend_with_the_same_bits_however_many_heads_share_keys_and_slots_lie_in_a_run) {
  at::manual_seed(9);
  constexpr int slots = 290, heads = 7;
  for (const int dim : {8, 20, 32, 48, 64, 80, 96, 128}) {
    ChunkedSlots cache(1, 1, dim);
    cache.fit(slots, 0);
    const at::Tensor k = at::randn({slots, dim}), v = at::randn({slots, dim}), q = at::randn({heads, dim});
    for (int s = 0; s < slots; ++s) cache.put(0, s, k[s].data_ptr<float>(), v[s].data_ptr<float>());
    std::vector<float> scores(kernels::attention_scratch(heads, slots));
    const auto attend = [&](int first, int count, std::span<const kernels::SlotRun> runs) {
      at::Tensor out = at::empty({count, dim});
      set().attention({dim, count, 0.25f}, q[first].data_ptr<float>(), cache.head(0, 0), runs, scores.data(),
                      out.data_ptr<float>());
      return out;
    };
    const std::vector<kernels::SlotRun> one = {{0, slots}}, many = {{0, 5},    {5, 16},    {16, 33},
                                                                    {33, 160}, {160, 161}, {161, slots}};
    const at::Tensor alone = attend(0, 1, one);
    for (const int together : {2, 3, 4, 6, 7}) {
      EXPECT_TRUE(at::equal(attend(0, together, one)[0], alone[0])) << dim << ", " << together << " heads";
      EXPECT_TRUE(at::equal(attend(0, together, many)[0], alone[0])) << dim << ", " << together << " heads";
      EXPECT_TRUE(
          at::equal(attend(1, together - 1, one)[together - 2], attend(0, together, many)[together - 1]));
    }
  }
}

TEST_P(Kernels, turn_pairs_of_the_two_halves) {
  at::manual_seed(7);
  for (const int dim : {4, 20, 128}) {
    const at::Tensor x = at::randn({dim}), c = at::randn({dim / 2}), s = at::randn({dim / 2});
    const auto halves = x.chunk(2);
    const at::Tensor expected = at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s});
    at::Tensor y = x.clone();
    set().rope(y.data_ptr<float>(), c.data_ptr<float>(), s.data_ptr<float>(), dim);
    EXPECT_TRUE(at::allclose(y, expected, 1e-6, 1e-6));
  }
}

TEST_P(Kernels, gate_with_silu_over_all_magnitudes) {
  at::manual_seed(8);
  const at::Tensor gate = at::cat({at::randn({33}) * 5, at::tensor({-1000.f, 1000.f, 0.f, -90.f, 88.f})});
  const at::Tensor up = at::randn({38});
  at::Tensor out = at::empty({38});
  set().silu_mul(gate.data_ptr<float>(), up.data_ptr<float>(), 38, out.data_ptr<float>());
  EXPECT_TRUE(at::allclose(out, at::silu(gate) * up, 1e-6, 1e-6));
}

TEST_P(Kernels, widen_every_f16_and_bf16_value_as_aten_does) {
  std::vector<std::uint16_t> bits(65536);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<std::uint16_t>(i);
  for (const auto& [type, dtype] : {std::pair{at::kHalf, DType::f16}, {at::kBFloat16, DType::bf16}}) {
    const at::Tensor expected = at::from_blob(bits.data(), {65536}, type).to(at::kFloat);
    at::Tensor wide = at::empty({65535}), of_nan = expected.isnan().narrow(0, 1, 65535);
    // From an odd place on, as files may have it.
    set().widen(reinterpret_cast<const std::byte*>(bits.data() + 1), dtype, 65535, wide.data_ptr<float>());
    EXPECT_TRUE(at::equal(wide.isnan(), of_nan));
    EXPECT_TRUE(at::equal(wide.masked_fill(of_nan, 0), expected.narrow(0, 1, 65535).masked_fill(of_nan, 0)));
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, Kernels,
                         testing::ValuesIn(kernels::available().begin(), kernels::available().end()),
                         [](const auto& i) { return i.param->name; });

}  // namespace
}  // namespace splitwan::engine
