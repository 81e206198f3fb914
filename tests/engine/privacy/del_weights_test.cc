// The folder that training leaves and sessions read.
#include "engine/privacy/del_weights.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "engine/checkpoint/safetensors.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr, testing::ElementsAre;
using tests::error_of;

const SoftPrompt small{2, 3, {0.5f, -1.25f, 3, 0.1f, 0, -2}};

TEST(SoftPrompt, is_read_as_it_was_written_to_a_half_s_precision) {
  const tests::TemporaryFolder folder;
  write_soft_prompt(folder / "p.safetensors", small);
  const SoftPrompt found = read_soft_prompt(folder / "p.safetensors", 3);
  EXPECT_EQ(found.rows, 2);
  EXPECT_EQ(found.model_width, 3);
  EXPECT_THAT(found.values, ElementsAre(0.5f, -1.25f, 3, 0.0999755859375f, 0, -2));
  write_soft_prompt(folder / "p.safetensors", found);
  EXPECT_EQ(read_soft_prompt(folder / "p.safetensors").values, found.values);
}

TEST(SoftPrompt, is_refused_by_the_names_of_its_file_and_tensor) {
  const tests::TemporaryFolder folder;
  const std::string path = folder / "p.safetensors";
  write_soft_prompt(path, small);
  EXPECT_EQ(error_of([&] { read_soft_prompt(path, 4); }),
            path + ": tensor 'soft_prompt': expected rows of 4, the model's width, found 3");
  SoftPrompt broken = small;
  broken.values[4] = NAN;
  write_soft_prompt(path, broken);
  EXPECT_EQ(error_of([&] { read_soft_prompt(path); }),
            path + ": tensor 'soft_prompt': expected finite values, found nan");
  const TensorView other{"prompt", DType::f32, {2, 3}, std::as_bytes(std::span(small.values))};
  write_safetensors(path, std::span(&other, 1));
  EXPECT_EQ(error_of([&] { read_soft_prompt(path); }), path + ": tensor 'soft_prompt' is missing");
  const TensorView flat{"soft_prompt", DType::f32, {6}, std::as_bytes(std::span(small.values))};
  write_safetensors(path, std::span(&flat, 1));
  EXPECT_EQ(error_of([&] { read_soft_prompt(path); }),
            path + ": tensor 'soft_prompt': expected a matrix, found 1 dimensions");
  EXPECT_THAT(error_of([&] { read_soft_prompt("/none.safetensors"); }), HasSubstr("/none.safetensors"));
}

class DelFolder : public testing::Test {
 protected:
  DelFolder() {
    write_projection(folder_ / "projection.safetensors",
                     {3, 2, std::vector<float>(6), std::vector<float>(6)});
    say({{"kind", "del"}, {"depth", 1}, {"width", 2}, {"clip", 0.05}, {"steps", 800}});
  }
  void say(const Json& json) const { std::ofstream(folder_ / "training.json") << json; }
  std::string refusal() const {
    return error_of([&] { read_del_weights(folder_.string(), 3); });
  }
  tests::TemporaryFolder folder_;
};

TEST_F(DelFolder, says_where_the_maps_stand_and_has_them) {
  const DelWeights w = read_del_weights(folder_.string(), 3);
  EXPECT_EQ(w.depth, 1);
  EXPECT_EQ(w.clip, 0.05);
  EXPECT_EQ(w.maps->width, 2);
  EXPECT_EQ(w.folder, folder_.string());
}

TEST_F(DelFolder, is_refused_by_the_names_of_its_file_and_key) {
  const std::string path = folder_ / "training.json";
  say({{"kind", "del"}, {"depth", 1}, {"width", 3}, {"clip", 0.05}});
  EXPECT_EQ(refusal(),
            path + ": width: expected 2, as " + (folder_ / "projection.safetensors") + " has, found 3");
  say({{"steps", 3}});  // a model's
  EXPECT_EQ(refusal(), path + ": kind: expected del, a folder of maps, found none");
  say({{"kind", "del"}, {"depth", 1}, {"width", 2}});
  EXPECT_THAT(refusal(), HasSubstr(path + ": "));
  EXPECT_THAT(refusal(), HasSubstr("clip"));
  EXPECT_THAT(error_of([&] { read_del_weights(folder_ / "none"); }), HasSubstr("none/training.json"));
}

TEST_F(DelFolder, gives_the_prompt_of_a_mechanism_or_names_the_file_that_is_missing) {
  const DelWeights w = read_del_weights(folder_.string());
  const BinomialSpec spec{20, 4, 2, 0.05};
  EXPECT_EQ(soft_prompt_file(spec, "clean"), "prompt-mu20-bits4-clean.safetensors");
  EXPECT_EQ(soft_prompt_file({2.5, 2, 2, 0.05}, "noisy"), "prompt-mu2.5-bits2-noisy.safetensors");
  EXPECT_EQ(soft_prompt_file(spec, "noiseless"), "prompt-noiseless.safetensors");
  EXPECT_EQ(error_of([&] { soft_prompt_file(spec, "dirty"); }),
            "soft prompt: expected none, clean, noisy or noiseless, found dirty");
  EXPECT_EQ(read_soft_prompt_for(w, spec, "none").rows, 0);
  EXPECT_EQ(error_of([&] { read_soft_prompt_for(w, spec, "clean"); }),
            folder_.string() +
                ": no soft prompt for mu 20 and 4 bits, continuation clean: expected the file "
                "prompt-mu20-bits4-clean.safetensors");
  write_soft_prompt(folder_ / "prompt-mu20-bits4-clean.safetensors", small);
  EXPECT_EQ(read_soft_prompt_for(w, spec, "clean").rows, 2);
}

}  // namespace
}  // namespace splitwan::engine
