#include "engine/layers/layers.hh"

#include <ATen/ATen.h>

namespace splitwan::engine {

std::unique_ptr<Layers> make_layers(Checkpoint& checkpoint, LayerRange range, Storage storage,
                                    Placement place) {
  return place.is_aten() ? make_aten_layers(checkpoint, range, storage, place.device)
                         : make_kernel_layers(checkpoint, range, storage);
}

std::unique_ptr<Head> make_head(Checkpoint& checkpoint, Storage storage, Placement place) {
  return place.is_aten() ? make_aten_head(checkpoint, storage, place.device)
                         : make_kernel_head(checkpoint, storage);
}

LayerStack::LayerStack(Checkpoint& checkpoint, LayerRange range, Storage storage, Placement place)
    : config_(checkpoint.config()),
      range_(range),
      device_(place.device),
      layers_(make_layers(checkpoint, range, storage, place)),
      rotary_(std::make_shared<Rotary>(config_, 0)) {}

at::Tensor LayerStack::operator()(at::Tensor x, std::span<const SessionRows> sessions) const {
  if (range_.size() > 0) return (*layers_)(std::move(x), sessions);
  std::vector<at::Tensor> wanted;
  std::int64_t end = 0;
  for (const SessionRows& s : sessions) {
    end += s.cache->rows();
    wanted.push_back(x.narrow(0, end - s.wanted, s.wanted));
  }
  return wanted.size() == 1 ? wanted[0] : at::cat(wanted);
}

Work LayerStack::work(Phase phase, std::uint32_t rows, std::uint32_t context) const {
  const double weights = layer_weights(config_).all() * range_.size();
  const double seen = context + (rows + 1) / 2.0;  // keys per row, a chain's average
  const double attention = 4.0 * config_.q_width() * seen * range_.size();
  const double cached =
      cache_bytes(config_.kv_heads, config_.head_dim, static_cast<double>(context) + rows) * range_.size();
  return {phase, rows, context, rows * (2 * weights + attention), static_cast<double>(bytes()) + cached};
}

}  // namespace splitwan::engine
