// Every family's arithmetic: worked numbers in double precision, and what must hold of any model of ours.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/split/row_lists.hh"
#include "tests/fixtures/families.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::RandomModel;

std::vector<Token> several(int n, int vocabulary) {
  std::vector<Token> ids(n);
  for (int i = 0; i < n; ++i) ids[i] = (i * 37 + 11) % vocabulary;
  return ids;
}

// Rows behind each of the model's layers.
class Boundaries : public LayerObserver {
 public:
  explicit Boundaries(int width) : width_(width) {}
  void see(int /*boundary*/, std::span<const float> rows) override {
    at_.emplace_back(rows.end() - width_, rows.end());
  }
  const std::vector<float>& last_row(std::size_t layer) const { return at_.at(layer + 1); }

 private:
  std::int64_t width_;
  std::vector<std::vector<float>> at_;
};

class WorkedFamilies : public testing::TestWithParam<Backend> {};

TEST_P(WorkedFamilies, have_the_worked_logits_and_rows) {
  const Json fixture = read_json_file(tests::tiny_families_file());
  int compared = 0;
  for (const Json& c : fixture["cases"]) {
    SCOPED_TRACE(c["family"].get<std::string>());
    const tests::TemporaryFolder folder;
    tests::write_tiny_family(folder.string(), c);
    Checkpoint checkpoint(folder.string());
    const ModelConfig& config = checkpoint.config();
    const int n = config.layers;
    const ModelEnds whole(checkpoint, {0, n}, {n, n}, Storage::automatic, {at::kCPU, GetParam()});
    const auto ids = fixture["tokens"].get<std::vector<Token>>();
    KvCache cache = whole.head().new_cache(static_cast<int>(ids.size()));
    cache.begin(chain_of(ids.size()));
    Boundaries seen(config.width);
    const SessionRows all{&cache, static_cast<std::int64_t>(ids.size()), &seen};
    const at::Tensor logits = whole.logits(whole.head()(whole.embed(ids), std::span(&all, 1)));
    const auto near = [&](const at::Tensor& found, const Json& expected) {
      for (std::size_t i = 0; i < expected.size(); ++i, ++compared)
        EXPECT_NEAR(found[static_cast<std::int64_t>(i)].item<float>(), expected[i].get<double>(), 2e-5);
    };
    near(logits[-1], c["logits_last"]);
    near(logits[0], c["logits_pos0_first4"]);
    for (std::size_t layer = 0; layer < c["hidden_last_token_first4_after_layer"].size(); ++layer)
      near(at::tensor(seen.last_row(layer)), c["hidden_last_token_first4_after_layer"][layer]);
    EXPECT_EQ(
        logits.argmax(1).to(at::kInt).equal(at::tensor(c["argmax_all"].get<std::vector<int>>(), at::kInt)),
        true);
  }
  EXPECT_EQ(compared, 12 * (32 + 4) + 11 * 4 * 4 + 6 * 4);
}

INSTANTIATE_TEST_SUITE_P(Backends, WorkedFamilies, testing::Values(Backend::kernels, Backend::aten),
                         [](const auto& i) { return i.param == Backend::aten ? "aten" : "kernels"; });

class EveryFamily : public testing::TestWithParam<tests::Family> {};

at::Tensor step(Party& party, Forward& forward, std::span<const Token> ids) {
  party.begin_step(party.step() + 1, forward.committed());
  return forward.run(TokenBatch::chain(ids)).clone();
}

// Across the window of 12 and the borders between kinds of layers.
TEST_P(EveryFamily, decodes_one_by_one_in_chunks_and_split_with_the_bits_of_one_forward) {
  RandomModel model(GetParam().config);
  const auto ids = several(40, model.config().vocabulary);
  at::Tensor whole;
  tests::locally(model, [&](Party& party, Forward& forward) { whole = step(party, forward, ids); });
  const auto in_pieces = [&](Party& party, Forward& forward) {
    int row = 0;
    for (const int piece : {1, 5, 1, 1, 17, 2, 13}) {
      const at::Tensor rows = step(party, forward, std::span(ids).subspan(row, piece));
      for (int i = 0; i < piece; ++i, ++row) EXPECT_TRUE(at::equal(rows[i], whole[row])) << "row " << row;
      forward.commit(first_rows(piece));
    }
    EXPECT_EQ(row, 40);
  };
  tests::locally(model, in_pieces);
  for (int head = 0; head + 1 < model.config().layers; ++head) tests::split(model, head, 1, {}, in_pieces);
}

TEST_P(EveryFamily, computes_the_same_in_aten) {
  RandomModel model(GetParam().config);
  const int n = model.config().layers;
  const auto ids = several(40, model.config().vocabulary);
  const ModelEnds aten(*model.checkpoint, {0, n}, {n, n}, Storage::automatic, {at::kCPU, Backend::aten});
  at::Tensor ours, theirs;
  tests::locally(model, [&](Party& party, Forward& forward) { ours = step(party, forward, ids); });
  tests::locally(aten, [&](Party& party, Forward& forward) { theirs = step(party, forward, ids); });
  EXPECT_LT((ours - theirs).abs().max().item<float>(), 2e-4);
}

// What int8 and int4 lose is measured beside f32's own logits: a tenth, two fifths of their spread.
TEST_P(EveryFamily, runs_in_every_storage) {
  RandomModel model(GetParam().config);
  const int n = model.config().layers;
  const auto ids = several(24, model.config().vocabulary);
  at::Tensor exact;
  tests::locally(model, [&](Party& party, Forward& forward) { exact = step(party, forward, ids); });
  for (const auto& [storage, part] :
       {std::pair{Storage::f16, 0.01}, {Storage::bf16, 0.06}, {Storage::int8, 0.12}, {Storage::int4, 1.0}}) {
    const ModelEnds stored(*model.checkpoint, {0, n}, {n, n}, storage);
    tests::locally(stored, [&](Party& party, Forward& forward) {
      const at::Tensor logits = step(party, forward, ids);
      EXPECT_TRUE(at::isfinite(logits).all().item<bool>());
      EXPECT_LT(((logits - exact).norm() / exact.norm()).item<double>(), part) << name_of(storage);
    });
  }
}

// Phi's lists are chosen by the planned length, not by what the session has reached.
TEST(PlannedLength, settles_the_angles_of_both_parties_for_a_whole_session) {
  const auto phi = std::ranges::find(tests::every_family(), "phi3", &tests::Family::name);
  RandomModel model(phi->config);
  const auto ids = several(20, model.config().vocabulary);
  std::vector<at::Tensor> local;
  for (const int length : {32, 33}) {
    tests::alone([&](Party& party) {
      const auto forward = make_local(party, *model.whole, length);
      local.push_back(step(party, *forward, ids));
    });
    SplitOptions options;
    options.length = length;
    tests::split(model, 1, 1, options, [&](Party& party, Forward& forward) {
      EXPECT_TRUE(at::equal(step(party, forward, ids), local.back())) << length;
    });
  }
  EXPECT_FALSE(at::allclose(local[0], local[1], 1e-3, 1e-3));
}

INSTANTIATE_TEST_SUITE_P(Families, EveryFamily, testing::ValuesIn(tests::every_family()),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace splitwan::engine
