#include "scenarios/run/bench.hh"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "engine/base/order_statistics.hh"
#include "engine/layers/model_ends.hh"

namespace splitwan::scenarios {
namespace {

using engine::quantile;
using engine::Token;
using engine::TokenBatch;

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double spread(const std::vector<double>& v) {
  return (quantile(v, 0.75) - quantile(v, 0.25)) / quantile(v, 0.5);
}

struct Times {
  std::vector<double> total, layers, logits;
};

class Bench {
 public:
  Bench(engine::Checkpoint& checkpoint, engine::Storage storage, const BenchPlan& plan)
      : plan_(plan),
        ends_(checkpoint, {0, layers(checkpoint)}, {layers(checkpoint), layers(checkpoint)}, storage) {}

  const engine::ModelEnds& ends() const { return ends_; }

  // One step of `rows` behind `context` tokens.
  void decode(int rows, Times& into) {
    if (!filled_) {
      fill(context_, plan_.context);
      filled_ = true;
    }
    step(context_, rows, plan_.all_logits ? rows : 1, into);
  }

  void prefill(int rows, Times& into) {
    engine::KvCache cache = ends_.head().new_cache();
    const double begin = now_ms();
    const at::Tensor last = fill(cache, rows);  // the prompt's last row
    const double layers_done = now_ms();
    ends_.logits(last);
    into.total.push_back(now_ms() - begin);
    into.layers.push_back(layers_done - begin);
    into.logits.push_back(now_ms() - layers_done);
  }

 private:
  static int layers(const engine::Checkpoint& checkpoint) { return checkpoint.config().layers; }

  std::vector<Token> some_ids(int rows) {
    std::vector<Token> ids(rows);
    for (Token& id : ids) id = static_cast<Token>((next_ += 7919) % ends_.config().vocabulary);
    return ids;
  }

  // As the engine takes a prompt: in chunks of 128.
  at::Tensor fill(engine::KvCache& cache, int tokens) {
    at::Tensor hidden;
    for (int done = 0; done < tokens;) {
      const int rows = std::min(tokens - done, 128);
      const TokenBatch batch = TokenBatch::chain(some_ids(rows));
      cache.begin(batch.parent);
      hidden = ends_.head()(ends_.embed(batch.ids), cache, done + rows == tokens ? 1 : 0);
      std::vector<std::int32_t> all(rows);
      std::iota(all.begin(), all.end(), 0);
      cache.commit(all);
      done += rows;
    }
    return hidden;
  }

  void step(engine::KvCache& cache, int rows, int wanted, Times& into) {
    const TokenBatch batch = TokenBatch::chain(some_ids(rows));
    const double begin = now_ms();
    cache.begin(batch.parent);
    const at::Tensor hidden = ends_.head()(ends_.embed(batch.ids), cache, wanted);
    const double layers_done = now_ms();
    ends_.logits(hidden);
    into.total.push_back(now_ms() - begin);
    into.layers.push_back(layers_done - begin);
    into.logits.push_back(now_ms() - layers_done);
  }

  const BenchPlan& plan_;
  engine::ModelEnds ends_;
  engine::KvCache context_ = ends_.head().new_cache();
  bool filled_ = false;
  std::uint64_t next_ = 1;
};

// The steps between the matrix products of one layer, one row, one thread.
double other_us_per_layer(const engine::ModelConfig& c) {
  const auto& set = engine::kernels::best();
  std::vector<float> x(2 * c.ffn + c.width + c.q_width(), 0.1f), y = x, turn(c.head_dim, 0.5f);
  constexpr int rounds = 2000;
  const double begin = now_ms();
  for (int i = 0; i < rounds; ++i) {
    for (int twice = 0; twice < 2; ++twice) {
      set.rms_norm(x.data(), y.data(), c.width, 1e-5f, x.data() + c.width);
      set.add(y.data(), x.data(), 1, c.width);
    }
    for (int head = 0; head < c.heads + c.kv_heads; ++head)
      set.rope(x.data(), turn.data(), turn.data(), c.head_dim);
    set.silu_mul(x.data(), x.data() + c.ffn, c.ffn, y.data());
  }
  return (now_ms() - begin) * 1e3 / rounds;
}

// Times of one size, and its share of what the machine gave, by repetition.
struct Series {
  Times times;
  std::vector<double> share;
  // `work`: bytes or operations of one run; `machine`: what it does of them in a second.
  void add(const Times& t, double work, double machine) {
    for (auto part : {&Times::total, &Times::layers, &Times::logits})
      (times.*part).insert((times.*part).end(), (t.*part).begin(), (t.*part).end());
    share.push_back(work / (quantile(t.total, 0.5) / 1e3) / machine);
  }
};

Json described(const Series& s, const std::string& storage, int rows, const char* ms, const char* share) {
  return {{"storage", storage},
          {"rows", rows},
          {ms, quantile(s.times.total, 0.5)},
          {"spread", spread(s.times.total)},
          {"layers_ms", quantile(s.times.layers, 0.5)},
          {"logits_ms", quantile(s.times.logits, 0.5)},
          {share, quantile(s.share, 0.5)},
          {"share_spread", spread(s.share)}};
}

}  // namespace

Json bench(engine::Checkpoint& checkpoint, engine::Storage storage, const BenchPlan& plan,
           const Machine& machine, const std::function<void(std::size_t, std::size_t)>& progress) {
  at::set_num_threads(plan.threads);
  Bench bench(checkpoint, storage, plan);
  const auto& c = checkpoint.config();
  const double weights = static_cast<double>(bench.ends().bytes());
  const double read = weights + c.layers * engine::cache_bytes(c.kv_heads, c.head_dim, plan.context);
  std::vector<Series> decode(plan.rows.size()), prefill(plan.prefill.size());
  std::vector<double> bytes_per_s, flops_per_s;
  for (int repetition = 0; repetition < plan.repetitions; ++repetition) {
    progress(repetition, plan.repetitions);
    for (std::size_t i = 0; i < plan.rows.size(); ++i) {
      Times cold, times;
      bench.decode(plan.rows[i], cold);  // the probe has emptied the caches
      for (int step = 0; step < std::max(2, 8 / plan.rows[i]); ++step) bench.decode(plan.rows[i], times);
      bytes_per_s.push_back(machine.bytes_per_s());
      decode[i].add(times, read, bytes_per_s.back());
    }
    for (std::size_t i = 0; i < plan.prefill.size(); ++i) {
      Times cold, times;
      if (repetition == 0) bench.prefill(plan.prefill[i], cold);
      bench.prefill(plan.prefill[i], times);
      flops_per_s.push_back(machine.flops_per_s());
      const auto rows = static_cast<std::uint32_t>(plan.prefill[i]);
      const auto work = bench.ends().logits_work(bench.ends().head().work(engine::Phase::head, rows, 0), 1);
      // Of the last layer, rows but the last one are computed no further than their keys and values.
      const engine::LayerWeights layer = layer_weights(c);
      const double left_out = (rows - 1.0) * (2 * (layer.out + layer.ffn) + 2.0 * c.q_width() * (rows + 1.0));
      prefill[i].add(times, work.flops - left_out, flops_per_s.back());
    }
  }
  if (bytes_per_s.empty()) bytes_per_s.push_back(machine.bytes_per_s());
  if (flops_per_s.empty()) flops_per_s.push_back(machine.flops_per_s());
  const std::string name(name_of(storage));
  Json out = {{"storage", name},
              {"weight_bytes", weights},
              {"memory_bandwidth_bytes_per_s", quantile(bytes_per_s, 0.5)},
              {"gemm_flops_per_s", quantile(flops_per_s, 0.5)},
              {"decode", Json::array()},
              {"prefill", Json::array()}};
  for (std::size_t i = 0; i < decode.size(); ++i)
    out["decode"].push_back(described(decode[i], name, plan.rows[i], "ms_per_step", "bandwidth_share"));
  for (std::size_t i = 0; i < prefill.size(); ++i)
    out["prefill"].push_back(described(prefill[i], name, plan.prefill[i], "ms", "gemm_share"));
  out["other_us_per_layer"] = other_us_per_layer(c);
  return out;
}

}  // namespace splitwan::scenarios
