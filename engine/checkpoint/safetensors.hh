// The safetensors file format: u64 header length, JSON header, raw little-endian tensors. Memory-mapped
// reading.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/tensor_view.hh"

namespace splitwan::engine {

class SafetensorsFile {
 public:
  // Throws Error naming the file (and tensor) on a truncated file, a header over 100 MB, sizes that disagree
  // with shapes, tensors that overlap or leave the file, bytes that are no tensor's, and Git LFS's pointers.
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;
  const std::vector<TensorView>& tensors() const { return tensors_; }  // views live as long as this object
  // Of the others, whose numbers we do not compute with, the dtype: buffers of integers that no layer asks
  // for.
  const std::map<std::string, std::string>& others() const { return others_; }
  // Lets go of the memory that reading has taken; what is read again comes back by itself.
  void release() const;

 private:
  struct Map;
  std::unique_ptr<Map> map_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> others_;
};

// Writes whole or not at all. Views may point anywhere.
void write_safetensors(const std::string& path, std::span<const TensorView>);

}  // namespace splitwan::engine
