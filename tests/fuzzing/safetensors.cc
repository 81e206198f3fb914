// A weights file: every byte that a tensor claims is there.
#include "engine/checkpoint/safetensors.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  taken([&] {
    const engine::SafetensorsFile file(file_with(input));
    std::size_t claimed = 0;
    unsigned sum = 0;
    for (const engine::TensorView& tensor : file.tensors()) {
      claimed += tensor.data.size();
      for (const std::byte b : tensor.data) sum += std::to_integer<unsigned>(b);
    }
    must(claimed <= input.size() && sum <= 255 * claimed, "tensors do not share bytes");
  });
}

const Stands stands("safetensors", feed);

}  // namespace
}  // namespace splitwan::fuzz
