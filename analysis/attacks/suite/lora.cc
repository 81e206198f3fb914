#include "analysis/attacks/suite/lora.hh"

#include <c10/core/GradMode.h>

#include <cmath>
#include <filesystem>

#include "engine/base/error.hh"

namespace splitwan::attacks {

using at::Tensor;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t texts_per_step = 8;
constexpr double rate = 2e-3, scale = 2;  // LoRA's alpha / rank

struct Addition {
  Tensor down, up;  // A: [rank, inputs], random; B: [outputs, rank], 0 at first
  Tensor product() const { return scale * at::matmul(up, down); }
};

// One layer's four products.
struct Additions {
  Addition qkv, out, gate_up, down;
  std::array<Addition*, 4> all() { return {&qkv, &out, &gate_up, &down}; }
};

SmoothLayer changed(const SmoothLayer& layer, const Additions& a) {
  SmoothLayer out = layer;
  out.qkv = layer.qkv + a.qkv.product();
  out.out = layer.out + a.out.product();
  out.gate_up = layer.gate_up + a.gate_up.product();
  out.down = layer.down + a.down.product();
  return out;
}

class Tuning {
 public:
  Tuning(const Pieces& from, const LoraOptions& o)
      : config_(from.config()), model_(from.smooth()), generator_(generator_of(o.seed, lora_stream)) {
    for (int i = 0; i < config_.layers; ++i) {
      if (i >= o.depth && i < config_.layers - o.depth) continue;
      const SmoothLayer& l = model_.layers[static_cast<std::size_t>(i)];
      additions_.push_back(
          {i, {make(l.qkv, o.rank), make(l.out, o.rank), make(l.gate_up, o.rank), make(l.down, o.rank)}});
      for (Addition* a : additions_.back().second.all()) leaves_.insert(leaves_.end(), {a->down, a->up});
    }
    for (const Tensor& leaf : leaves_)
      first_.push_back(at::zeros_like(leaf)), second_.push_back(at::zeros_like(leaf));
  }

  // One step of Adam on the texts' next-token loss.
  void step(std::span<const Text> texts, double share_left) {
    const SmoothModel now = model();
    for (const Text& text : texts) {
      const std::vector<std::int64_t> ids(text.ids.begin(), text.ids.end());
      Tensor x = at::embedding(now.embedding, at::tensor(ids, at::kLong));
      for (const SmoothLayer& layer : now.layers) x = forward(config_, layer, x, {});
      const Tensor logits = engine::logits_of(config_, x, now.final_norm, now.head);
      const std::int64_t n = logits.size(0) - 1;
      const Tensor loss =
          at::cross_entropy_loss(logits.narrow(0, 0, n), at::tensor(ids, at::kLong).narrow(0, 1, n));
      (loss / static_cast<double>(texts.size())).backward({}, /*retain_graph=*/true);
    }
    const at::NoGradGuard still;
    ++steps_;
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      Tensor gradient = leaves_[i].grad();
      first_[i].mul_(0.9).add_(gradient, 0.1);
      second_[i].mul_(0.99).addcmul_(gradient, gradient, 0.01);
      const double c1 = 1 - std::pow(0.9, steps_), c2 = 1 - std::pow(0.99, steps_);
      leaves_[i].addcdiv_(first_[i], (second_[i] / c2).sqrt_().add_(1e-8), -rate * share_left / c1);
      gradient.zero_();
    }
  }

  SmoothModel model() const {
    SmoothModel now = model_;
    for (const auto& [layer, additions] : additions_) {
      SmoothLayer& l = now.layers[static_cast<std::size_t>(layer)];
      l = changed(l, additions);
    }
    return now;
  }

 private:
  Addition make(const Tensor& weight, int rank) {
    Addition a{at::empty({rank, weight.size(1)}, at::kFloat)
                   .normal_(0, 1 / std::sqrt(double(weight.size(1))), generator_),
               at::zeros({weight.size(0), rank}, at::kFloat)};
    a.down.set_requires_grad(true), a.up.set_requires_grad(true);
    return a;
  }
  const engine::ModelConfig& config_;
  const SmoothModel& model_;
  at::Generator generator_;
  std::vector<std::pair<int, Additions>> additions_;
  std::vector<Tensor> leaves_, first_, second_;
  int steps_ = 0;
};

void write_model(const SmoothModel& m, const engine::ModelConfig& c, const std::string& path) {
  std::vector<Tensor> values;
  std::vector<engine::TensorView> views;
  for (const engine::TensorSpec& spec : engine::tensors_of(c)) {
    const Tensor& t = values.emplace_back(tensor_with(m, c, spec).detach().contiguous());
    views.push_back({spec.name, engine::DType::f32, spec.shape,
                     std::as_bytes(std::span(t.data_ptr<float>(), static_cast<std::size_t>(t.numel())))});
  }
  engine::write_safetensors(path, views);
}

}  // namespace

LoraModel::LoraModel(const Pieces& from, const std::string& folder, std::span<const Text> text,
                     const LoraOptions& o, const Stop& stop) {
  Tuning tuning(from, o);
  for (int step = 0; step < o.steps; ++step) {
    if (stop()) throw Stopped{};
    const std::size_t begin =
        static_cast<std::size_t>(step) * texts_per_step % (text.size() - texts_per_step + 1);
    tuning.step(text.subspan(begin, texts_per_step), 1 - static_cast<double>(step) / o.steps);
  }
  folder_ = (fs::temp_directory_path() / "splitwan-lora-XXXXXX").string();
  if (!mkdtemp(folder_.data())) throw engine::Error("{}: cannot be made", folder_);
  fs::copy_file(fs::path(folder) / "config.json", fs::path(folder_) / "config.json");
  const at::NoGradGuard still;
  write_model(tuning.model(), from.config(), folder_ + "/model.safetensors");
  pieces_ = std::make_unique<Pieces>(folder_);
}

LoraModel::~LoraModel() {
  pieces_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace splitwan::attacks
