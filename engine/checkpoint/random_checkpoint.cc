#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::engine {
namespace {

void put(std::byte* at, DType dtype, float value) {
  if (dtype == DType::f32) {
    std::memcpy(at, &value, 4);
  } else if (dtype == DType::f16) {
    const auto half = static_cast<_Float16>(value);
    std::memcpy(at, &half, 2);
  } else {
    std::memcpy(at, reinterpret_cast<const std::byte*>(&value) + 2, 2);  // bf16: the upper half
  }
}

std::int64_t elements(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace

Checkpoint Checkpoint::random(const ModelConfig& c, DType dtype) {
  Checkpoint checkpoint;
  checkpoint.folder_ = "random weights";
  checkpoint.config_ = c;
  std::int64_t longest = 0;
  std::map<std::string, TensorView> made;
  for (const TensorSpec& spec : tensors_of(c)) {
    made[spec.name] = {spec.name, dtype, spec.shape, {}};
    longest = std::max(longest, elements(spec.shape));
  }
  // All tensors look into the same noise: speed does not care, and memory does.
  const auto width = static_cast<std::int64_t>(size_of(dtype));
  checkpoint.noise_ = std::make_shared<std::vector<std::byte>>(longest * width);
  std::uint64_t state = 1;
  for (std::int64_t i = 0; i < longest; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    put(checkpoint.noise_->data() + i * width, dtype,
        static_cast<float>(state >> 40) * 0x1p-24f * 0.08f - 0.04f);
  }
  for (auto& [name, view] : made)
    view.data = {checkpoint.noise_->data(), static_cast<std::size_t>(elements(view.shape) * width)};
  checkpoint.made_ = std::move(made);
  for (const auto& [name, view] : checkpoint.made_) {
    checkpoint.file_of_[name] = {checkpoint.folder_, name};
    checkpoint.found_[name] = &view;
  }
  return checkpoint;
}

}  // namespace splitwan::engine
