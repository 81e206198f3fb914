#include "engine/layers/device.hh"

#include <ATen/ATen.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include "engine/base/error.hh"

namespace splitwan::engine {

at::Device device_named(const std::string& name, const std::string& where) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") throw Error("{} {}: expected cpu or cuda", where, name);
  if (at::hasCUDA()) return {at::kCUDA, 0};
  if (c10::impl::hasDeviceGuardImpl(at::kCUDA)) throw Error("{} cuda: libtorch finds no CUDA device", where);
  throw Error("{} cuda: this build's libtorch has no CUDA", where);
}

at::Tensor host_buffer(at::IntArrayRef sizes, at::ScalarType type, at::Device device) {
  return at::empty(sizes, at::TensorOptions().dtype(type).pinned_memory(device.is_cuda()));
}

at::Tensor upload(const at::Tensor& host, at::Device device) {
  return host.to(device, host.scalar_type(), /*non_blocking=*/true);
}

at::Tensor download(const at::Tensor& t) {
  if (t.is_cpu()) return t.contiguous();
  return host_buffer(t.sizes(), t.scalar_type(), t.device()).copy_(t);
}

}  // namespace splitwan::engine
