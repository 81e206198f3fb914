// Layers and head in ATen's operations, on a device of its. Nothing here waits for the device.
#include <ATen/ATen.h>

#include "engine/layers/aten/aten_layer.hh"
#include "engine/layers/backends.hh"
#include "engine/layers/kernel_layer.hh"
#include "engine/layers/linear.hh"
#include "engine/layers/tensor_slots.hh"

namespace splitwan::engine {
namespace {

// What each row of the step sees where it sees the last `window` positions: [rows, slots].
at::Tensor seen(const KvCache& cache, int window, at::Device device) {
  const std::int64_t slots = cache.slots();
  const at::Tensor mask = host_buffer({cache.rows(), slots}, at::kBool, device).zero_();
  std::vector<kernels::SlotRun> runs;
  for (int row = 0; row < cache.rows(); ++row) {
    runs.clear();
    cache.add_runs(row, window, runs);
    bool* at = mask.data_ptr<bool>() + row * slots;
    for (const auto& run : runs) std::fill(at + run.begin, at + run.end, true);
  }
  return upload(mask, device);
}

// Where the rows' keys go: undefined where they follow each other.
at::Tensor places(const KvCache& cache, at::Device device) {
  const at::Tensor slots = host_buffer({cache.rows()}, at::kLong, device);
  auto* at = slots.data_ptr<std::int64_t>();
  bool follow = true;
  for (int row = 0; row < cache.rows(); ++row) {
    at[row] = cache.slot(row);
    follow &= at[row] == at[0] + row;
  }
  return follow ? at::Tensor() : upload(slots, device);
}

class AtenLayers : public Layers {
 public:
  AtenLayers(Checkpoint& checkpoint, LayerRange range, Storage storage, at::Device device)
      : config_(checkpoint.config()), device_(device) {
    for (int i = range.begin; i < range.end; ++i)
      layers_.push_back(aten_layer(checkpoint, i, storage, device));
  }
  at::Tensor operator()(at::Tensor x, std::span<const SessionRows> sessions) const override {
    std::vector<at::Tensor> wanted;
    std::int64_t first = 0;
    for (const SessionRows& s : sessions) {
      const std::int64_t rows = s.cache->rows();
      wanted.push_back(all_rows(x.narrow(0, first, rows), s).narrow(0, rows - s.wanted, s.wanted));
      first += rows;
    }
    return wanted.size() == 1 ? wanted[0] : at::cat(wanted);
  }
  std::unique_ptr<KvSlots> new_slots() const override {
    return std::make_unique<TensorSlots>(static_cast<int>(layers_.size()), config_.kv_heads, config_.head_dim,
                                         device_);
  }
  std::size_t bytes() const override {
    std::size_t sum = 0;
    for (const AtenLayer& l : layers_)
      sum += l.qkv.nbytes() + l.out.nbytes() + l.gate_up.nbytes() + l.down.nbytes();
    return sum;
  }

 private:
  at::Tensor all_rows(at::Tensor x, const SessionRows& session) const {
    const KvCache& cache = *session.cache;
    const std::int64_t rows = cache.rows();
    std::vector<std::int32_t> positions;
    cache.add_positions(positions);
    const Turning turns = turning(config_, cache.rotary(), positions, device_);
    const at::Tensor near = seen(cache, config_.sliding_window, device_),
                     all = config_.kinds.empty() ? near : seen(cache, 0, device_),
                     at = places(cache, device_);
    auto& slots = cache.memory<TensorSlots>();
    const auto product = device_.is_cpu() ? aten::linear : aten::linear_as_stored;
    observe(session, 0, x);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      x = decode_layer(config_, layers_[i], x, product, [&](const at::Tensor& qkv) {
        const QueriesKeysValues r = turned(config_, layers_[i], qkv, turns);
        const auto [keys, values] =
            slots.put(static_cast<int>(i), cache.slot(0), at, cache.slots(), r.keys, r.values);
        return aten::attention(r.queries, keys, values, layers_[i].kind.windowed ? near : all,
                               config_.score_scale(), config_.score_cap);
      });
      const bool last = i + 1 == layers_.size();
      observe(session, static_cast<int>(i) + 1,
              last ? x.narrow(0, rows - session.wanted, session.wanted) : x);
    }
    return x;
  }
  static void observe(const SessionRows& session, int boundary, const at::Tensor& x) {
    if (!session.observer) return;
    const at::Tensor rows = download(x.contiguous());
    session.observer->see(boundary, {rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())});
  }
  ModelConfig config_;
  at::Device device_;
  std::vector<AtenLayer> layers_;
};

class AtenHead : public Head {
 public:
  AtenHead(Checkpoint& checkpoint, Storage storage, at::Device device)
      : config_(checkpoint.config()),
        norm_(gain_of(config_, checkpoint.tensor(Role::final_norm)).to(device)),
        matrix_(device_weight(std::span(&checkpoint.tensor(Role::head), 1), storage, device)) {}
  // In f32 whatever the storage: two bytes would make logits equal.
  at::Tensor logits(const at::Tensor& hidden) const override {
    return download(logits_of(config_, hidden, norm_, matrix_));
  }
  std::size_t bytes() const override { return matrix_.nbytes(); }

 private:
  ModelConfig config_;
  at::Tensor norm_, matrix_;
};

}  // namespace

std::unique_ptr<Layers> make_aten_layers(Checkpoint& checkpoint, LayerRange range, Storage storage,
                                         at::Device device) {
  return std::make_unique<AtenLayers>(checkpoint, range, storage, device);
}

std::unique_ptr<Head> make_aten_head(Checkpoint& checkpoint, Storage storage, at::Device device) {
  return std::make_unique<AtenHead>(checkpoint, storage, device);
}

}  // namespace splitwan::engine
