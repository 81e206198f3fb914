// A Hugging Face model folder: config.json beside one or sharded *.safetensors. Tensors are found by name.
#pragma once

#include <map>
#include <memory>

#include "engine/checkpoint/safetensors.hh"
#include "engine/checkpoint/tensors.hh"

namespace splitwan::engine {

class Checkpoint {
 public:
  // Maps model.safetensors, or the shards that model.safetensors.index.json names (each on first use). Throws
  // Error naming what it is where those are absent, and a layer's tensor that the family does not read.
  explicit Checkpoint(const std::string& folder);
  // Weights that are noise, in memory: for measuring speed. Its tensors share their bytes.
  static Checkpoint random(const ModelConfig&, DType);

  const std::string& folder() const { return folder_; }
  const ModelConfig& config() const { return config_; }
  bool has(const std::string& name) const { return file_of_.contains(name); }
  // Throws Error naming the tensor when it is absent or has another shape.
  const TensorView& tensor(const std::string& name, const std::vector<std::int64_t>& shape);
  const TensorView& tensor(const TensorSpec& spec) { return tensor(spec.name, spec.shape); }
  const TensorView& tensor(Role role, int layer = -1) { return tensor(tensor_of(config_, role, layer)); }
  const TensorView& view(const std::string& name);  // whatever its shape
  std::vector<std::string> names() const;
  // Lets go of the memory that reading has taken. Views stay good.
  void release() const;

 private:
  struct Place {
    std::string file, name;  // as the file spells it
  };
  Checkpoint() = default;
  void add(const std::string& name, const std::string& file);
  void refuse_what_nobody_reads() const;
  std::string folder_;
  ModelConfig config_;
  std::map<std::string, Place> file_of_;          // by plain name
  std::map<std::string, SafetensorsFile> files_;  // mapped so far
  std::map<std::string, const TensorView*> found_;
  std::map<std::string, TensorView> made_;  // of random(): into noise_
  std::shared_ptr<std::vector<std::byte>> noise_;
};

}  // namespace splitwan::engine
