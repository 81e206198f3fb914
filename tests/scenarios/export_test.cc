// The untrusted side's checkpoint holds its layers and nothing else.
#include <gmock/gmock.h>

#include <fstream>

#include "scenarios/read/layer_range.hh"
#include "scenarios/run/run_scenario.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

TEST(Export, holds_no_embedding_head_norm_or_outer_layer) {
  tests::TemporaryFolder folder;
  tests::write_random_model(folder / "model");
  export_layers(folder / "model", {1, 3}, folder / "middle");
  const engine::SafetensorsFile file(folder / "middle/model.safetensors");
  EXPECT_EQ(file.tensors().size(), 2u * 9);
  for (const auto& tensor : file.tensors()) {
    EXPECT_TRUE(tensor.name.starts_with("model.layers.1.") || tensor.name.starts_with("model.layers.2."))
        << tensor.name;
  }
}

// The bytes themselves: no run of a forbidden tensor's values is anywhere in the exported folder.
TEST(Export, contains_no_bytes_of_what_the_server_must_not_see) {
  tests::TemporaryFolder folder;
  tests::write_random_model(folder / "model");
  export_layers(folder / "model", {1, 3}, folder / "middle");
  std::string exported;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "middle")) {
    std::ifstream in(entry.path(), std::ios::binary);
    exported.append(std::istreambuf_iterator<char>(in), {});
  }
  const engine::SafetensorsFile whole(folder / "model/model.safetensors");
  for (const auto& tensor : whole.tensors()) {
    const bool served =
        tensor.name.starts_with("model.layers.1.") || tensor.name.starts_with("model.layers.2.");
    const std::string_view piece(reinterpret_cast<const char*>(tensor.data.data()), 64);
    EXPECT_EQ(exported.find(piece) != std::string::npos, served) << tensor.name;
  }
}

TEST(Export, serves_the_layers_it_says) {
  tests::TemporaryFolder folder;
  tests::write_random_model(folder / "model");
  export_layers(folder / "model", {1, 3}, folder / "middle/");  // as the shell completes it
  EXPECT_EQ(exported_layers(folder / "middle", 4), (engine::LayerRange{1, 3}));
  LoadedModel middle(folder / "middle");
  EXPECT_EQ(middle.middle({1, 3}).range().size(), 2);
  EXPECT_THAT(tests::error_of([&] { middle.whole(); }),
              HasSubstr("tensor 'model.embed_tokens.weight' is missing"));
  EXPECT_THAT(tests::error_of([&] { exported_layers(folder / "model", 4); }), HasSubstr("not an export"));
  EXPECT_THAT(tests::error_of([&] { exported_layers(folder / "middle", 2); }),
              HasSubstr("'splitwan_layers': expected [begin, end] within 0 to 2, found [1,3]"));
}

TEST(Export, refuses_ranges_outside_the_model_and_folders_in_use) {
  tests::TemporaryFolder folder;
  tests::write_random_model(folder / "model");
  EXPECT_THAT(tests::error_of([] { parse_layers("2:9", 4); }), HasSubstr("the model has layers 0:4"));
  EXPECT_THAT(tests::error_of([] { parse_layers("2-9", 4); }), HasSubstr("expected BEGIN:END"));
  EXPECT_THAT(tests::error_of([&] {
                export_layers(folder / "model", {1, 3}, folder / "model");
              }),
              HasSubstr("exists already"));
}

}  // namespace
}  // namespace splitwan::scenarios
