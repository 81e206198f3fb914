// Rows of several sessions in one call: each as if it were alone, bit for bit.
#include <gmock/gmock.h>

#include <random>

#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::RandomModel;

// One session's steps, of rows drawn from a seed; the same again for whoever computes it alone.
class Steps {
 public:
  Steps(const LayerStack& layers, int width, unsigned seed)
      : width_(width), random_(seed), cache_(layers.new_cache()) {}

  // Opens the next one: a chain, a tree, a prompt.
  void begin() {
    const int kind = static_cast<int>(random_() % 4), most = kind == 0 ? 1 : kind == 1 ? 40 : 12;
    const int rows = 1 + static_cast<int>(random_() % static_cast<unsigned>(most));
    parent_.clear();
    for (int row = 0; row < rows; ++row)
      parent_.push_back(kind == 3 ? static_cast<std::int32_t>(random_() % (row + 1)) - 1 : row - 1);
    x_ = at::empty({rows, width_});
    std::normal_distribution<float> normal;
    for (int i = 0; i < rows * width_; ++i) x_.data_ptr<float>()[i] = normal(random_);
    cache_.begin(parent_);
    wanted_ = static_cast<std::int64_t>(random_() % (rows + 1));
  }
  // Keeps a path of it.
  void keep() {
    const auto rows = static_cast<unsigned>(parent_.size());
    cache_.commit(path_to(parent_, static_cast<std::int32_t>(random_() % rows)));
  }
  at::Tensor alone(const LayerStack& layers) { return layers(x_.clone(), cache_, wanted_); }
  const at::Tensor& x() const { return x_; }
  SessionRows rows(LayerObserver* observer = nullptr) { return {&cache_, wanted_, observer}; }

 private:
  int width_;
  std::mt19937 random_;
  KvCache cache_;
  std::vector<std::int32_t> parent_;
  at::Tensor x_;
  std::int64_t wanted_ = 0;
};

// Sessions that join and pause, step after step, against each by itself.
void compare(const LayerStack& layers, int width, const std::string& what) {
  constexpr int sessions = 9, steps = 8;
  std::vector<Steps> together, alone;
  for (unsigned i = 0; i < sessions; ++i) {
    together.emplace_back(layers, width, i);
    alone.emplace_back(layers, width, i);
  }
  std::mt19937 random(3);
  std::size_t compared = 0;
  for (int step = 0; step < steps; ++step) {
    std::vector<SessionRows> who;
    std::vector<at::Tensor> in, expected;
    for (unsigned i = 0; i < sessions; ++i) {
      if (random() % 4 == 0) continue;
      together[i].begin();
      alone[i].begin();
      in.push_back(together[i].x());
      who.push_back(together[i].rows());
      expected.push_back(alone[i].alone(layers));
    }
    const at::Tensor out = layers(at::cat(in), who), all = at::cat(expected);
    ASSERT_EQ(out.sizes(), all.sizes()) << what;
    ASSERT_TRUE(at::equal(out, all)) << what << ", step " << step;
    compared += static_cast<std::size_t>(out.size(0));
    for (unsigned i = 0; i < sessions; ++i) {
      if (together[i].rows().cache->rows() == 0) continue;
      together[i].keep();
      alone[i].keep();
    }
  }
  EXPECT_GT(compared, 100u);
}

class Sessions : public testing::TestWithParam<const kernels::Set*> {
 protected:
  void SetUp() override { kernels::use(*GetParam()); }
  void TearDown() override { kernels::use(*kernels::available().front()); }
};

TEST_P(Sessions, together_have_the_bits_of_each_alone_in_every_storage) {
  for (const char* config :
       {R"({"sliding_window": 24})", R"({"architectures": ["Qwen2ForCausalLM"], "num_key_value_heads": 1})",
        R"({"num_attention_heads": 10, "num_key_value_heads": 2, "head_dim": 20, "hidden_size": 48})"}) {
    RandomModel model(Json::parse(config));
    for (const Storage storage : {Storage::f32, Storage::f16, Storage::bf16, Storage::int8, Storage::int4}) {
      const LayerStack layers(*model.checkpoint, {0, 3}, storage);
      compare(layers, model.config().width,
              fmt::format("{} {} {}", GetParam()->name, name_of(storage), config));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, Sessions,
                         testing::ValuesIn(kernels::available().begin(), kernels::available().end()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(LayerStack, takes_sessions_together_on_every_backend_and_with_any_number_of_layers) {
  RandomModel model;
  for (const auto range : {LayerRange{0, 3}, LayerRange{1, 2}, LayerRange{2, 2}}) {
    for (const Placement place : {Placement(), Placement(at::kCPU, Backend::aten)})
      compare(LayerStack(*model.checkpoint, range, Storage::automatic, place), model.config().width,
              fmt::format("{} layers", range.size()));
  }
}

struct Seen : LayerObserver {
  std::vector<std::vector<float>> boundaries;
  void see(int boundary, std::span<const float> rows) override {
    EXPECT_EQ(boundary, static_cast<int>(boundaries.size()));
    boundaries.emplace_back(rows.begin(), rows.end());
  }
};

TEST(LayerStack, shows_an_observer_one_sessions_rows_between_the_layers) {
  RandomModel model;
  const int width = model.config().width;
  for (const Placement place : {Placement(), Placement(at::kCPU, Backend::aten)}) {
    const LayerStack three(*model.checkpoint, {0, 3}, Storage::automatic, place),
        two(*model.checkpoint, {0, 2}, Storage::automatic, place);
    Seen seen;
    Steps first(three, width, 1), watched(three, width, 4), shorter(two, width, 4);
    first.begin();
    watched.begin();
    shorter.begin();
    SessionRows rows = watched.rows(&seen), all_of_two = shorter.rows();
    rows.wanted = all_of_two.wanted = rows.cache->rows();
    const std::vector<SessionRows> who = {first.rows(), rows};
    const at::Tensor out = three(at::cat({first.x(), watched.x()}), who);
    const at::Tensor after_two = two(shorter.x().clone(), std::span(&all_of_two, 1));
    ASSERT_EQ(seen.boundaries.size(), 4u);
    const auto values = [](const at::Tensor& t) {
      const at::Tensor flat = t.contiguous();
      return std::vector<float>(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
    };
    EXPECT_EQ(seen.boundaries[0], values(watched.x()));
    EXPECT_EQ(seen.boundaries[2], values(after_two));
    EXPECT_EQ(seen.boundaries[3], values(out.narrow(0, who[0].wanted, rows.wanted)));
  }
}

}  // namespace
}  // namespace splitwan::engine
