// Layers and head in our own kernels: CPU, batch invariant.
#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "engine/layers/arithmetic.hh"
#include "engine/layers/backends.hh"
#include "engine/layers/chunked_slots.hh"
#include "engine/layers/kernel_layer.hh"

namespace splitwan::engine {
namespace {

// What a step needs besides; only grows.
struct Workspace : LayerRoom {
  struct Row {
    ChunkedSlots* slots;
    std::int32_t slot;
    std::int32_t first_run[2], runs[2];  // of the layers that see a window; of those that see all
  };
  std::vector<Row> rows;
  std::vector<std::int64_t> wanted;  // of the rows, those that the last layer computes
  std::vector<kernels::SlotRun> runs;
  std::vector<std::int32_t> positions;
  std::int64_t most_slots = 0, seen = 0;  // of one row; of all

  void size_for_step(const ModelConfig& c, std::span<const SessionRows> sessions) {
    rows.clear(), wanted.clear(), runs.clear(), positions.clear();
    most_slots = seen = 0;
    for (const SessionRows& s : sessions) {
      s.cache->add_positions(positions);
      auto* slots = &s.cache->memory<ChunkedSlots>();
      for (int row = 0; row < s.cache->rows(); ++row) {
        if (row >= s.cache->rows() - s.wanted) wanted.push_back(static_cast<std::int64_t>(rows.size()));
        Row& added = rows.emplace_back(Row{slots, s.cache->slot(row), {}, {}});
        for (const bool windowed : {true, false}) {
          if (!windowed && c.kinds.empty()) continue;  // no layer asks
          added.first_run[!windowed] = static_cast<std::int32_t>(runs.size());
          s.cache->add_runs(row, windowed ? c.sliding_window : 0, runs);
          added.runs[!windowed] = static_cast<std::int32_t>(runs.size()) - added.first_run[!windowed];
        }
      }
      most_slots = std::max<std::int64_t>(most_slots, s.cache->slots());
      seen += std::int64_t{s.cache->rows()} * s.cache->slots();
    }
    size_for(c, static_cast<std::int64_t>(rows.size()));
    std::size_t first = 0;
    for (const SessionRows& s : sessions) {
      const auto count = static_cast<std::size_t>(s.cache->rows());
      turn(c, s.cache->rotary(), static_cast<std::int64_t>(first),
           std::span(positions).subspan(first, count));
      first += count;
    }
  }
  std::span<const kernels::SlotRun> runs_of(const Row& row, bool windowed) const {
    return std::span(runs).subspan(static_cast<std::size_t>(row.first_run[!windowed]),
                                   static_cast<std::size_t>(row.runs[!windowed]));
  }
};

class KernelLayers : public Layers {
 public:
  KernelLayers(Checkpoint&, LayerRange, Storage);
  at::Tensor operator()(at::Tensor x, std::span<const SessionRows>) const override;
  std::unique_ptr<KvSlots> new_slots() const override {
    return std::make_unique<ChunkedSlots>(static_cast<int>(layers_.size()), config_.kv_heads,
                                          config_.head_dim);
  }
  std::size_t bytes() const override {
    std::size_t sum = 0;
    for (const KernelLayer& layer : layers_) sum += layer.bytes();
    return sum;
  }
  std::vector<std::string> arithmetic() const override;

 private:
  void cache_rows(const Workspace&, int layer) const;
  void leave_the_wanted(Workspace&, float* stream) const;
  void attend(Workspace&, int layer) const;
  void observe(std::span<const SessionRows>, int boundary, const float* stream) const;
  ModelConfig config_;
  std::vector<KernelLayer> layers_;
};

KernelLayers::KernelLayers(Checkpoint& checkpoint, LayerRange range, Storage storage)
    : config_(checkpoint.config()) {
  for (int i = range.begin; i < range.end; ++i) layers_.emplace_back(checkpoint, i, storage);
}

at::Tensor KernelLayers::operator()(at::Tensor x, std::span<const SessionRows> sessions) const {
  thread_local Workspace workspace;
  Workspace& w = workspace;  // this thread's: the jobs below run on others too
  w.size_for_step(config_, sessions);
  auto* stream = x.data_ptr<float>();
  for (int i = 0; i < static_cast<int>(layers_.size()); ++i) {
    observe(sessions, i, stream);
    const KernelLayer& layer = layers_[static_cast<std::size_t>(i)];
    layer.project(config_, stream, static_cast<std::int64_t>(w.rows.size()), w);
    cache_rows(w, i);
    if (i + 1 == static_cast<int>(layers_.size())) leave_the_wanted(w, stream);
    if (w.rows.empty()) break;
    attend(w, i);
    layer.finish(config_, stream, static_cast<std::int64_t>(w.rows.size()), w.mixed, w);
  }
  observe(sessions, static_cast<int>(layers_.size()), stream);
  const auto rows = static_cast<std::int64_t>(w.rows.size());
  return rows == x.size(0) ? x : x.narrow(0, 0, rows);
}

void KernelLayers::cache_rows(const Workspace& w, int layer) const {
  const std::int64_t q = config_.q_width(), kv = config_.kv_width();
  parallel(static_cast<std::int64_t>(w.rows.size()), 2 * kv, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const float* keys = w.qkv + row * (q + 2 * kv) + q;
      const Workspace::Row& to = w.rows[static_cast<std::size_t>(row)];
      to.slots->put(layer, to.slot, keys, keys + kv);
    }
  });
}

std::vector<std::string> KernelLayers::arithmetic() const {
  std::map<Storage, std::string> known;
  std::vector<std::string> all;
  for (const KernelLayer& layer : layers_) {
    std::string& of_layer = all.emplace_back();
    for (const Storage storage : layer.storages()) {
      std::string& one = known[storage];
      if (one.empty()) one = arithmetic_of(config_, storage);
      if (of_layer.find(one) == std::string::npos) of_layer += (of_layer.empty() ? "" : ", ") + one;
    }
  }
  return all;
}

// Moves the wanted rows up to each other.
void KernelLayers::leave_the_wanted(Workspace& w, float* stream) const {
  const std::int64_t width = config_.width, projected = config_.q_width() + 2 * config_.kv_width();
  for (std::size_t i = 0; i < w.wanted.size(); ++i) {
    const std::int64_t from = w.wanted[i], to = static_cast<std::int64_t>(i);
    if (from == to) continue;
    std::copy_n(stream + from * width, width, stream + to * width);
    std::copy_n(w.qkv + from * projected, projected, w.qkv + to * projected);
    w.rows[i] = w.rows[static_cast<std::size_t>(from)];
  }
  w.rows.resize(w.wanted.size());
}

void KernelLayers::attend(Workspace& w, int layer) const {
  const auto rows = static_cast<std::int64_t>(w.rows.size());
  const std::int64_t dim = config_.head_dim, q = config_.q_width(), kv = config_.kv_width();
  const int group = config_.heads / config_.kv_heads;  // query heads that share a key head
  const kernels::AttentionShape shape{config_.head_dim, group, config_.score_scale(),
                                      static_cast<float>(config_.score_cap)};
  const bool windowed = layers_[static_cast<std::size_t>(layer)].kind().windowed;
  const std::int64_t slots = w.seen / static_cast<std::int64_t>(w.positions.size());  // of a row, on average
  parallel(rows * config_.kv_heads, 2 * dim * group * slots, [&](std::int64_t first, std::int64_t last) {
    thread_local Scratch scratch;
    auto* scores = scratch.of<float>(kernels::attention_scratch(group, w.most_slots));
    for (std::int64_t i = first; i < last; ++i) {  // all rows of a head in turn: its keys stay near
      const std::int64_t row = i % rows, head = i / rows;
      const Workspace::Row& at = w.rows[static_cast<std::size_t>(row)];
      kernels::best().attention(shape, w.qkv + row * (q + 2 * kv) + head * group * dim,
                                at.slots->head(layer, static_cast<int>(head)), w.runs_of(at, windowed),
                                scores, w.mixed + row * q + head * group * dim);
    }
  });
}

void KernelLayers::observe(std::span<const SessionRows> sessions, int boundary, const float* stream) const {
  for (const SessionRows& s : sessions) {
    const std::int64_t rows = boundary == static_cast<int>(layers_.size()) ? s.wanted : s.cache->rows();
    const std::int64_t floats = rows * config_.width;
    if (s.observer) s.observer->see(boundary, {stream, static_cast<std::size_t>(floats)});
    stream += floats;
  }
}

class KernelHead : public Head {
 public:
  KernelHead(Checkpoint& checkpoint, Storage storage)
      : config_(checkpoint.config()),
        norm_(gain_of(config_, checkpoint.tensor(Role::final_norm))),
        product_(std::span(&checkpoint.tensor(Role::head), 1), config_.width, storage) {}
  at::Tensor logits(const at::Tensor& hidden) const override {
    thread_local Scratch scratch;
    const std::int64_t rows = hidden.size(0);
    auto* normed = scratch.of<float>(hidden.numel());
    rms_norm(hidden.data_ptr<float>(), rows, norm_, config_.rms_eps, normed);
    at::Tensor logits = at::empty({rows, product_.outputs()}, at::kFloat);
    product_(normed, rows, logits.data_ptr<float>());
    if (config_.logits_divisor != 1) logits.div_(config_.logits_divisor);
    if (config_.logits_cap > 0)
      kernels::best().soft_cap(logits.data_ptr<float>(), static_cast<float>(config_.logits_cap),
                               logits.numel());
    return logits;
  }
  std::size_t bytes() const override { return product_.bytes(); }

 private:
  ModelConfig config_;
  at::Tensor norm_;
  PackedLinear product_;
};

}  // namespace

std::unique_ptr<Layers> make_kernel_layers(Checkpoint& checkpoint, LayerRange range, Storage storage) {
  return std::make_unique<KernelLayers>(checkpoint, range, storage);
}

std::unique_ptr<Head> make_kernel_head(Checkpoint& checkpoint, Storage storage) {
  return std::make_unique<KernelHead>(checkpoint, storage);
}

}  // namespace splitwan::engine
