// The packed product: near ATen's in every storage, and bit for bit the same for a row in any company.
#include "engine/layers/linear.hh"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "engine/kernels/kernels.hh"

namespace splitwan::engine {
namespace {

struct Case {
  const kernels::Set* set;
  Storage storage;
};

std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const kernels::Set* set : kernels::available()) {
    for (const Storage s : {Storage::f32, Storage::bf16, Storage::f16, Storage::int8, Storage::int4})
      cases.push_back({set, s});
  }
  return cases;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.set->name << " " << name_of(c.storage); }

class Linear : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { kernels::use(*GetParam().set); }
  void TearDown() override {
    kernels::use(*kernels::available().front());
    at::set_num_threads(1);
  }
};

TensorView view_of(const at::Tensor& t) {
  const DType type = t.scalar_type() == at::kHalf       ? DType::f16
                     : t.scalar_type() == at::kBFloat16 ? DType::bf16
                                                        : DType::f32;
  return {"w", type, t.sizes().vec(), {static_cast<const std::byte*>(t.data_ptr()), t.nbytes()}};
}

PackedLinear packed(const at::Tensor& weight, Storage storage = Storage::automatic) {
  const TensorView view = view_of(weight);
  return PackedLinear(std::span(&view, 1), weight.size(1), storage);
}

double relative_error(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).norm() / expected.norm()).item<double>();
}

// What rounding weights and activations to so many bits may cost, on Gaussian values.
double tolerance(Storage s) {
  return s == Storage::f32    ? 2e-6
         : s == Storage::f16  ? 4e-4
         : s == Storage::bf16 ? 4e-3
         : s == Storage::int8 ? 0.015
                              : 0.13;
}

TEST_P(Linear, agrees_with_aten_at_odd_sizes_and_row_counts) {
  at::manual_seed(1);
  for (const auto& [m, k] : {std::pair{16, 8}, {40, 33}, {172, 64}, {7, 5}, {130, 1000}}) {
    const at::Tensor w = at::randn({m, k});
    const PackedLinear linear = packed(w, GetParam().storage);
    for (const int rows : {1, 2, 3, 4, 5, 6, 7, 13, 64}) {
      const at::Tensor x = at::randn({rows, k});
      EXPECT_LT(relative_error(linear(x), x.matmul(w.t())), tolerance(GetParam().storage))
          << rows << " rows, " << m << "x" << k;
    }
  }
}

TEST_P(Linear, gives_a_row_the_same_bits_alone_and_in_company_on_any_thread_count) {
  at::manual_seed(2);
  const at::Tensor w = at::randn({1045, 1030}), x = at::randn({37, 1030});
  const PackedLinear linear = packed(w, GetParam().storage);
  at::set_num_threads(1);
  const at::Tensor all = linear(x);
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    for (int row = 0; row < 37; row += 4) {
      for (const int rows : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 17, 37}) {
        if (row + rows > 37) continue;
        ASSERT_TRUE(at::equal(linear(x.narrow(0, row, rows).contiguous()), all.narrow(0, row, rows)))
            << row << "+" << rows << " on " << threads;
      }
    }
  }
}

TEST_P(Linear, keeps_zero_inputs_and_zero_weights_zero) {
  const at::Tensor w = at::zeros({20, 70}), x = at::randn({3, 70});
  EXPECT_TRUE(at::equal(packed(w, GetParam().storage)(x), at::zeros({3, 20})));
  EXPECT_TRUE(
      at::equal(packed(at::randn({20, 70}), GetParam().storage)(at::zeros({3, 70})), at::zeros({3, 20})));
}

INSTANTIATE_TEST_SUITE_P(Sets, Linear, testing::ValuesIn(every_case()), [](const auto& i) {
  return std::string(i.param.set->name) + "_" + std::string(name_of(i.param.storage));
});

TEST(PackedLinear, stacks_matrices_of_different_types_into_one_product) {
  at::manual_seed(3);
  const at::Tensor a = at::randn({20, 12}), b = at::randn({10, 12}).to(at::kHalf), x = at::randn({4, 12});
  const TensorView views[] = {view_of(a), view_of(b)};
  const at::Tensor both = PackedLinear(views, 12)(x);
  EXPECT_TRUE(at::allclose(both, x.matmul(at::cat({a, b.to(at::kFloat)}).t()), 1e-4, 1e-5));
}

TEST(PackedLinear, keeps_two_byte_weights_at_two_bytes) {
  const at::Tensor w = at::randn({32, 64});
  EXPECT_EQ(packed(w).bytes(), 32u * 64 * 4);
  EXPECT_EQ(packed(w.to(at::kHalf)).bytes(), 32u * 64 * 2);
  EXPECT_EQ(packed(w.to(at::kBFloat16)).bytes(), 32u * 64 * 2);
  EXPECT_EQ(packed(w, Storage::int8).bytes(), 32u * (64 + 2));
  EXPECT_EQ(packed(w, Storage::int4).bytes(), 32u * (32 + 2 * 2));
}

TEST(PackedLinear, reads_f16_and_bf16_weights_as_their_values) {
  at::manual_seed(4);
  const at::Tensor w = at::randn({16, 8}), x = at::randn({2, 8});
  for (const auto type : {at::kHalf, at::kBFloat16}) {
    const at::Tensor stored = w.to(type);
    EXPECT_TRUE(
        at::allclose(packed(stored, Storage::f32)(x), x.matmul(stored.to(at::kFloat).t()), 1e-5, 1e-6));
  }
}

TEST(Parallel, covers_everything_once_whatever_the_threads) {
  for (const int threads : {1, 2, 5}) {
    at::set_num_threads(threads);
    for (const int n : {1, 7, 1000}) {
      std::vector<std::atomic<int>> seen(n);
      parallel(
          n, 1 << 20,
          [&](std::int64_t first, std::int64_t last) {
            for (; first < last; ++first) ++seen[first];
          },
          4);
      for (auto& count : seen) ASSERT_EQ(count, 1);
    }
  }
  at::set_num_threads(1);
}

}  // namespace
}  // namespace splitwan::engine
