// Where layers compute: with our own kernels on the CPU, or with ATen's operations on any device of its.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>

namespace splitwan::engine {

enum class Backend : std::uint8_t { kernels, aten };

struct Placement {
  Placement(at::Device d = at::kCPU) : Placement(d, d.is_cpu() ? Backend::kernels : Backend::aten) {}
  Placement(at::Device d, Backend b) : device(d), backend(b) {}  // our kernels know the CPU only
  bool is_aten() const { return backend == Backend::aten; }
  at::Device device;
  Backend backend;
};

// "cpu" or "cuda". Throws Error that begins with `where`, also when there is no such device.
at::Device device_named(const std::string& name, const std::string& where = "--device");

// Host memory that `device` can read and write without a copy in between: pinned, for CUDA.
at::Tensor host_buffer(at::IntArrayRef sizes, at::ScalarType, at::Device);
// Does not wait: ATen gives pinned memory to nobody else before the copy is done.
at::Tensor upload(const at::Tensor& host, at::Device);
at::Tensor download(const at::Tensor&);  // contiguous; waits for what is under way

}  // namespace splitwan::engine
