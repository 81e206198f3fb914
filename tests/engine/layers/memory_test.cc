// What loading leaves resident: the packed weights, and not their source a second time.
#include <gtest/gtest.h>

#include <fstream>

#include "engine/layers/model_ends.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double size, resident;
  statm >> size >> resident;
  return resident * 4096;
}

Json wide_model() {
  return {{"hidden_size", 640},        {"head_dim", 64},
          {"num_attention_heads", 10}, {"vocab_size", 8192},
          {"intermediate_size", 2560}, {"num_hidden_layers", 6}};
}

TEST(Memory, of_a_client_is_its_own_packed_weights_and_little_more) {
  const tests::TemporaryFolder folder;
  tests::write_random_model(folder.string(), wide_model());
  const double before = resident_bytes();
  Checkpoint checkpoint(folder.string());
  const ModelEnds ends(checkpoint, {0, 1}, {5, 6});
  const double own = static_cast<double>(ends.bytes());
  EXPECT_GT(own, 50e6);
  EXPECT_LT(resident_bytes() - before, 1.1 * own);
}

TEST(Memory, of_a_server_shrinks_with_its_storage) {
  const tests::TemporaryFolder folder;
  tests::write_random_model(folder.string(), wide_model());
  Checkpoint checkpoint(folder.string());
  double previous = 1e18;
  for (const Storage s : {Storage::f32, Storage::bf16, Storage::int8, Storage::int4}) {
    const double before = resident_bytes();
    const LayerStack middle(checkpoint, {1, 5}, s);
    const double own = static_cast<double>(middle.bytes());
    EXPECT_LT(resident_bytes() - before, 1.1 * own + 2e6) << name_of(s);
    EXPECT_LT(own, 0.6 * previous);
    previous = own;
  }
}

}  // namespace
}  // namespace splitwan::engine
