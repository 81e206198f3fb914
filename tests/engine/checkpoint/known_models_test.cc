#include "engine/checkpoint/known_models.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "engine/base/json_file.hh"
#include "engine/base/order_statistics.hh"
#include "engine/checkpoint/model_config.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

// What a profile is of, if it is no decoder that is known by name: the demo model, and BERT as published.
Geometry geometry_of(const std::string& profile) {
  const std::string name = profile.substr(0, profile.find("-nodes"));
  if (name == "bert-base") return {12, 768, 12, 12, 64, 3072, 30522};
  if (name == "bert-large") return {24, 1024, 16, 16, 64, 4096, 30522};
  return sizes_of(name == "demo-model" ? read_model_config(SPLITWAN_SOURCE_DIR "/scenarios/demo-model")
                                       : model_named(name));
}

TEST(KnownModels, every_profile_states_the_sizes_of_one) {
  for (const auto& file : std::filesystem::directory_iterator(SPLITWAN_SOURCE_DIR "/scenarios/profiles")) {
    const std::string name = file.path().stem().string();
    const Json stated = read_json_file(file.path())["geometry"];
    const Geometry g = geometry_of(name.substr(0, name.find("-3090")));
    EXPECT_EQ(stated["layers"], g.layers) << name;
    EXPECT_EQ(stated["width"], g.width) << name;
    EXPECT_EQ(stated["heads"], g.heads) << name;
    EXPECT_EQ(stated["kv_heads"], g.kv_heads) << name;
    EXPECT_EQ(stated["head_dim"], g.head_dim) << name;
    EXPECT_EQ(stated["ffn"], g.ffn) << name;
    EXPECT_EQ(stated["vocabulary"], g.vocabulary) << name;
  }
}

TEST(KnownModels, an_unknown_one_is_answered_with_the_known) {
  EXPECT_THAT(tests::error_of([] { model_named("70b"); }),
              testing::StartsWith("geometry '70b': expected one of mistral-7b, "));
  EXPECT_EQ(tests::error_of([] { model_named("llama-15m-7l"); }),
            "geometry 'llama-15m-7l': llama-15m has 6 layers");
}

TEST(KnownModels, first_layers_keep_their_kinds) {
  const ModelConfig whole = model_named("gemma-3-4b"), six = model_named("gemma-3-4b-6l");
  EXPECT_EQ(six.layers, 6);
  ASSERT_EQ(six.kinds.size(), 6u);
  EXPECT_FALSE(six.kinds[5].windowed);
  EXPECT_TRUE(six.kinds[4].windowed);
  EXPECT_EQ(whole.kinds.size(), 34u);
}

TEST(KnownModels, a_config_of_anyone_is_a_geometry) {
  const std::string folder = SPLITWAN_SOURCE_DIR "/scenarios/demo-model";
  EXPECT_EQ(model_named(folder), model_named(folder + "/config.json"));
  EXPECT_EQ(sizes_of(model_named(folder)).layers, read_model_config(folder).layers);
}

TEST(ObjectReader, a_number_beyond_its_bounds_is_named_with_them) {
  const Json json = {{"network", {{"loss", 2}}}};
  EXPECT_EQ(tests::error_of([&] { ObjectReader(json, "file").child("network").number("loss", 0, 1); }),
            "file: network: loss: expected 0 to 1, found 2");
}

TEST(OrderStatistics, the_median_of_an_even_number_lies_between_the_middle_two) {
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({9, 1, 2}), 2);
  EXPECT_EQ(quantile({0, 10}, 0.25), 2.5);
}

}  // namespace
}  // namespace splitwan::engine
