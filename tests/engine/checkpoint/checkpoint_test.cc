// Tensors by name, from one file or from shards.
#include "engine/checkpoint/checkpoint.hh"

#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <list>

#include "engine/base/output_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

TEST(Checkpoint, finds_tensors_by_name_and_shape) {
  const TemporaryFolder folder;
  tests::write_random_model(folder.string());
  Checkpoint checkpoint(folder.string());
  EXPECT_EQ(checkpoint.config().width, 32);
  EXPECT_TRUE(checkpoint.has("lm_head.weight"));
  EXPECT_EQ(checkpoint.names().size(), 3u + 4 * 9);
  EXPECT_EQ(checkpoint.tensor("lm_head.weight", {96, 32}).elements(), 96 * 32);
  EXPECT_EQ(error_of([&] {
              checkpoint.tensor("lm_head.weight", {32, 96});
            }),
            folder / "model.safetensors: tensor 'lm_head.weight': expected shape [32,96], found [96,32]");
  EXPECT_EQ(error_of([&] { checkpoint.tensor("lm_head.bias", {96}); }),
            folder.string() + ": tensor 'lm_head.bias' is missing");
}

class Shards : public testing::Test {
 protected:
  Shards() {
    tests::write_random_model(folder.string());
    std::filesystem::remove(folder / "model.safetensors");
    shard("one.safetensors", {{"a", DType::f32, {2}, bytes(1)}, {"b", DType::f32, {2}, bytes(2)}});
    shard("two.safetensors", {{"c", DType::f32, {2}, bytes(3)}, {"a", DType::f32, {1, 2}, bytes(9)}});
    index({{"a", "one.safetensors"}, {"b", "one.safetensors"}, {"c", "two.safetensors"}});
  }
  std::span<const std::byte> bytes(float value) {
    return std::as_bytes(std::span(data.emplace_back(std::array{value, value})));
  }
  void shard(const std::string& name, const std::vector<TensorView>& tensors) {
    write_safetensors(folder / name, tensors);
  }
  void index(const Json& map) {
    write_file(folder / "model.safetensors.index.json", Json{{"weight_map", map}}.dump());
  }
  TemporaryFolder folder;
  std::list<std::array<float, 2>> data;
};

float first_of(const TensorView& view) {
  float value;
  std::memcpy(&value, view.data.data(), sizeof value);
  return value;
}

TEST_F(Shards, are_opened_only_when_needed) {
  std::filesystem::remove(folder / "two.safetensors");
  Checkpoint checkpoint(folder.string());
  EXPECT_EQ(first_of(checkpoint.tensor("a", {2})), 1);
  EXPECT_EQ(first_of(checkpoint.tensor("b", {2})), 2);
  EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(error_of([&] { checkpoint.tensor("c", {2}); }),
              HasSubstr(folder / "two.safetensors: cannot be opened"));
}

TEST_F(Shards, are_believed_only_for_what_the_index_gives_them) {
  Checkpoint checkpoint(folder.string());
  EXPECT_EQ(first_of(checkpoint.tensor("c", {2})), 3);  // two.safetensors holds another 'a'
  EXPECT_EQ(first_of(checkpoint.tensor("a", {2})), 1);
  EXPECT_EQ(first_of(checkpoint.tensor("c", {2})), 3);
}

TEST_F(Shards, that_lack_an_indexed_tensor_are_named) {
  index({{"d", "one.safetensors"}});
  Checkpoint checkpoint(folder.string());
  EXPECT_EQ(error_of([&] { checkpoint.tensor("d", {2}); }),
            folder / "one.safetensors: tensor 'd' is not in it, though the index says so");
}

TEST_F(Shards, need_a_proper_index) {
  const std::string path = folder / "model.safetensors.index.json";
  write_file(path, "{}");
  EXPECT_EQ(error_of([&] { Checkpoint(folder.string()); }), path + ": key 'weight_map' is missing");
  index({{"a", 3}});
  EXPECT_EQ(error_of([&] { Checkpoint(folder.string()); }),
            path + ": weight_map 'a': expected a file name, found 3");
  std::filesystem::remove(path);
  EXPECT_THAT(error_of([&] { Checkpoint(folder.string()); }),
              HasSubstr("holds neither model.safetensors nor"));
  EXPECT_EQ(error_of([&] { Checkpoint(folder / "no"); }), folder / "no: no such model folder");
}

}  // namespace
}  // namespace splitwan::engine
