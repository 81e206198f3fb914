// The CPU arithmetic: against ATen, and bit for bit against itself at every row count.
#include "engine/kernels.hh"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "engine/linear.hh"

namespace splitwan::engine {
namespace {

TensorView view_of(const at::Tensor& t) {
  return {"w", DType::f32, t.sizes().vec(), {static_cast<const std::byte*>(t.data_ptr()), t.nbytes()}};
}

PackedLinear packed(const at::Tensor& weight) {
  const TensorView view = view_of(weight);
  const TensorView* views[] = {&view};
  return PackedLinear(views, weight.size(1));
}

TEST(Linear, agrees_with_aten_at_odd_sizes_and_row_counts) {
  at::manual_seed(1);
  for (const int rows : {1, 2, 3, 4, 5, 6, 7, 13, 64}) {
    for (const auto& [m, k] : {std::pair{16, 8}, {40, 33}, {172, 64}, {7, 5}}) {
      const at::Tensor w = at::randn({m, k}), x = at::randn({rows, k});
      EXPECT_TRUE(at::allclose(packed(w)(x), x.matmul(w.t()), 1e-4, 1e-5))
          << rows << " rows, " << m << "x" << k;
    }
  }
}

TEST(Linear, gives_a_row_the_same_bits_alone_and_in_company_on_any_thread_count) {
  at::manual_seed(2);
  const at::Tensor w = at::randn({1040, 512}), x = at::randn({37, 512});
  const PackedLinear linear = packed(w);
  at::set_num_threads(1);
  const at::Tensor all = linear(x);
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    for (int row = 0; row < 37; ++row) {
      for (const int rows : {1, 2, 3, 4, 5, 6, 11}) {
        if (row + rows > 37) continue;
        ASSERT_TRUE(at::equal(linear(x.narrow(0, row, rows).contiguous())[0], all[row]))
            << row << "+" << rows;
      }
    }
  }
}

TEST(Linear, stacks_matrices_into_one_product) {
  at::manual_seed(3);
  const at::Tensor a = at::randn({20, 12}), b = at::randn({10, 12}), x = at::randn({4, 12});
  const TensorView va = view_of(a), vb = view_of(b);
  const TensorView* views[] = {&va, &vb};
  const at::Tensor both = PackedLinear(views, 12)(x);
  EXPECT_TRUE(at::allclose(both, x.matmul(at::cat({a, b}).t()), 1e-4, 1e-5));
}

TEST(Linear, reads_f16_and_bf16_weights_as_their_values) {
  at::manual_seed(4);
  const at::Tensor w = at::randn({16, 8}), x = at::randn({2, 8});
  for (const auto& [type, dtype] : {std::pair{at::kHalf, DType::f16}, {at::kBFloat16, DType::bf16}}) {
    const at::Tensor stored = w.to(type);
    TensorView view = view_of(stored);
    view.dtype = dtype;
    const TensorView* views[] = {&view};
    EXPECT_TRUE(at::allclose(PackedLinear(views, 8)(x), x.matmul(stored.to(at::kFloat).t()), 1e-4, 1e-5));
  }
}

TEST(RmsNorm, agrees_with_its_formula) {
  at::manual_seed(5);
  const at::Tensor x = at::randn({70}), gain = at::rand({70});
  at::Tensor y = at::empty_like(x);
  kernels::rms_norm(x.data_ptr<float>(), gain.data_ptr<float>(), 70, 1e-5f, y.data_ptr<float>());
  EXPECT_TRUE(at::allclose(y, x / at::sqrt(x.square().mean() + 1e-5) * gain, 1e-5, 1e-6));
}

TEST(Attention, agrees_with_softmax_over_the_keys_it_is_given) {
  at::manual_seed(6);
  const at::Tensor q = at::randn({20}), k = at::randn({9, 20}), v = at::randn({9, 20});
  const std::int32_t path[] = {8, 5};
  const kernels::Keys keys{2, 4, path};
  const at::Tensor slots = at::tensor({2, 3, 8, 5}, at::kLong);
  const at::Tensor weights = at::softmax(k.index({slots}).matmul(q) * 0.25, 0);
  at::Tensor out = at::empty({20}), scores = at::empty({4});
  kernels::attention(q.data_ptr<float>(), k.data_ptr<float>(), v.data_ptr<float>(), 20, keys, 20, 0.25f,
                     scores.data_ptr<float>(), out.data_ptr<float>());
  EXPECT_TRUE(at::allclose(out, weights.matmul(v.index({slots})), 1e-5, 1e-6));
}

TEST(Rope, turns_pairs_of_the_two_halves) {
  float x[] = {1, 2, 3, 4};
  const float c[] = {0.5f, 1}, s[] = {0.25f, 0};
  kernels::rope(x, c, s, 4);
  EXPECT_FLOAT_EQ(x[0], 1 * 0.5f - 3 * 0.25f);
  EXPECT_FLOAT_EQ(x[2], 3 * 0.5f + 1 * 0.25f);
  EXPECT_FLOAT_EQ(x[1], 2);
  EXPECT_FLOAT_EQ(x[3], 4);
}

TEST(SiluMul, agrees_with_aten) {
  at::manual_seed(7);
  const at::Tensor gate = at::randn({33}) * 5, up = at::randn({33});
  at::Tensor out = at::empty({33});
  kernels::silu_mul(gate.data_ptr<float>(), up.data_ptr<float>(), 33, out.data_ptr<float>());
  EXPECT_TRUE(at::allclose(out, at::silu(gate) * up, 1e-5, 1e-6));
}

}  // namespace
}  // namespace splitwan::engine
