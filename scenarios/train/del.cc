#include "scenarios/train/del.hh"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/privacy/projection.hh"
#include "scenarios/train/model.hh"
#include "scenarios/train/state.hh"
#include "scenarios/train/step.hh"
#include "scenarios/train/teacher.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::Json;

namespace {

constexpr int together = 64;  // windows that are written at a time

// The frozen model and where the maps stand in it.
struct Frozen {
  engine::ModelConfig config;
  Tensor weights;
  LlamaViews model;
  int depth = 0, context = 0;
  Rotary rotary;

  Frozen(const DelRecipe& r)
      : config(engine::read_model_config(r.model)),
        weights(read_weights(r.model, config)),
        model(views_of(config,
                       [&](std::int64_t offset, const std::vector<std::int64_t>& shape) {
                         return weights.narrow(0, offset, c10::multiply_integers(shape)).view(shape);
                       })),
        depth(r.depth),
        context(r.context),
        rotary(make_rotary(r.context, config.head_dim, config.rope_theta)) {}

  HeadShape shape(std::int64_t windows) const {
    return {static_cast<int>(windows), context, config.heads, config.kv_heads, config.head_dim};
  }
  // ids [windows, context] -> rows before the maps.
  Tensor before(const Tensor& ids) const {
    const at::NoGradGuard guard;
    const Tensor x = at::embedding(model.embedding, ids.reshape({-1}));
    return through(model, config, x, {0, depth}, shape(ids.size(0)), rotary);
  }
  Tensor loss_sum(const Tensor& x, const Tensor& targets) const {
    const Tensor y = through(model, config, x, {depth, config.layers}, shape(targets.size(0)), rotary);
    return cross_entropy_sum(logits_of(model, config, y), targets.reshape({-1}));
  }
};

// [count, context + 1] ids that the model writes by itself.
Tensor written(const DelRecipe& r, const engine::ModelConfig& c, const Teacher& author, int count,
               std::uint64_t first) {
  Tensor ids = at::empty({count, r.context + 1}, at::kLong);
  for (int at = 0; at < count; at += together) {
    std::vector<Opening> openings;
    for (int i = at; i < std::min(count, at + together); ++i)
      openings.push_back(
          {{std::max(c.bos, 0)}, 1.0, r.seed + 0x9e3779b97f4a7c15 * (first + static_cast<std::uint64_t>(i))});
    const Passages p = author.write(openings, r.context);
    std::copy(p.ids.begin(), p.ids.end(),
              ids.data_ptr<std::int64_t>() + static_cast<std::int64_t>(at) * (r.context + 1));
  }
  return ids;
}

// In units of the rows, so that a learning rate means the same at every depth: `reach` stands where the
// mechanism clamps, and both maps are scaled to its box when they are written.
struct Maps {
  Tensor encoder, decoder;  // [d, b], [b, d]
  double reach = 0;
  Tensor operator()(const Tensor& x) const {
    return at::linear(at::clamp(at::linear(x, encoder), -reach, reach), decoder);
  }
};

// The directions that hold most of the rows' squares, turned at random so that no coordinate holds more than
// another; one latent in a thousand reaches the box.
Maps principal(const DelRecipe& r, const Tensor& rows) {
  const auto width = rows.size(1);
  const auto [values, vectors] = at::linalg_eigh(at::matmul(rows.t(), rows), "L");
  const Tensor directions = vectors.narrow(1, width - r.width, r.width).t();  // [d, b]
  auto generator = at::detail::createCPUGenerator(r.seed);
  const Tensor turn = std::get<0>(at::linalg_qr(at::randn({r.width, r.width}, generator), "reduced"));
  const Tensor encoder = at::matmul(turn, directions);
  const Tensor latents = at::linear(rows, encoder).abs().flatten();
  const auto kept = static_cast<std::int64_t>(0.999 * static_cast<double>(latents.numel()));
  const double reach = std::get<0>(at::kthvalue(latents, std::max<std::int64_t>(1, kept))).item<float>();
  return {encoder, encoder.t().contiguous(), std::max(reach, 1e-12)};
}

// Mean loss of windows, nats a token; maps == nullptr: clean rows.
double evaluate(const Frozen& frozen, const Tensor& ids, const Maps* maps) {
  const at::NoGradGuard guard;
  double sum = 0;
  for (std::int64_t i = 0; i < ids.size(0); ++i) {
    const Tensor window = ids.narrow(0, i, 1);
    const Tensor x = frozen.before(window.narrow(1, 0, frozen.context));
    sum += frozen.loss_sum(maps ? (*maps)(x) : x, window.narrow(1, 1, frozen.context).contiguous())
               .item<float>();
  }
  return sum / static_cast<double>(ids.size(0) * frozen.context);
}

double clamped_share(const Frozen& frozen, const Tensor& ids, const Maps& maps) {
  const at::NoGradGuard guard;
  const Tensor latents = at::linear(frozen.before(ids.narrow(1, 0, frozen.context)), maps.encoder);
  return latents.abs().gt(maps.reach).to(at::kDouble).mean().item<double>();
}

// One thread's copies, whose gradients are its own.
struct Worker {
  Maps maps;
  double sum = 0;
};

class Learner {
 public:
  Learner(const DelRecipe& r, const Frozen& frozen, const Maps& maps)
      : recipe_(r),
        frozen_(frozen),
        flat_(at::cat({maps.encoder.flatten(), maps.decoder.flatten()})),
        reach_(maps.reach) {
    first_ = at::zeros_like(flat_), second_ = at::zeros_like(flat_);
    workers_.resize(static_cast<std::size_t>(r.threads));
  }

  Maps maps() const {
    const std::int64_t b = frozen_.config.width, d = recipe_.width;
    return {flat_.narrow(0, 0, d * b).view({d, b}), flat_.narrow(0, d * b, d * b).view({b, d}), reach_};
  }

  // Windows of ids [batch, context + 1]; their mean loss.
  double step(const Tensor& ids, std::int64_t number) {
    std::atomic<std::int64_t> next = 0;
    in_parallel(workers_.size(), [&](std::size_t worker) {
      Worker& w = workers_[worker];
      w.maps = maps(), w.sum = 0;
      for (Tensor* leaf : {&w.maps.encoder, &w.maps.decoder})
        *leaf = leaf->detach().clone().set_requires_grad(true);
      for (std::int64_t i; (i = next.fetch_add(1)) < ids.size(0);) {
        const Tensor window = ids.narrow(0, i, 1);
        const Tensor loss = frozen_.loss_sum(w.maps(frozen_.before(window.narrow(1, 0, frozen_.context))),
                                             window.narrow(1, 1, frozen_.context).contiguous());
        w.sum += loss.item<float>();
        loss.backward();
      }
    });
    Tensor gradient = at::zeros_like(flat_);
    double sum = 0;
    for (const Worker& w : workers_) {
      sum += w.sum;
      if (w.maps.encoder.grad().defined())
        gradient.add_(at::cat({w.maps.encoder.grad().flatten(), w.maps.decoder.grad().flatten()}));
    }
    const auto tokens = static_cast<double>(ids.size(0) * frozen_.context);
    if (!std::isfinite(sum))
      throw engine::Error("step {}: the loss is {}: try a smaller learning_rate", number + 1, sum);
    update(gradient, tokens, number);
    return sum / tokens;
  }

 private:
  void update(const Tensor& gradient, double tokens, std::int64_t number) {
    constexpr double clip = 1.0;  // largest norm of the gradient
    const double norm = gradient.norm().item<float>() / tokens;
    kernels::AdamW o{.rate = static_cast<float>(recipe_.rate_at(number)), .beta2 = 0.999f};
    o.correction1 = static_cast<float>(1 - std::pow(o.beta1, static_cast<double>(number + 1)));
    o.correction2 = static_cast<float>(1 - std::pow(o.beta2, static_cast<double>(number + 1)));
    o.gradient_scale = static_cast<float>(std::min(1.0, clip / (norm + 1e-9)) / tokens);
    kernels::adamw(o, flat_.numel(), data(gradient), data(flat_), data(first_), data(second_));
  }

  const DelRecipe& recipe_;
  const Frozen& frozen_;
  Tensor flat_, first_, second_;
  double reach_;
  std::vector<Worker> workers_;
};

void write_maps(const std::string& path, const Maps& maps, double clip) {
  const double scale = clip / maps.reach;
  const auto values = [](const Tensor& t) {
    const Tensor c = t.contiguous();
    return std::vector<float>(data(c), data(c) + c.numel());
  };
  engine::write_projection(path,
                           {static_cast<int>(maps.encoder.size(1)), static_cast<int>(maps.encoder.size(0)),
                            values(maps.encoder * scale), values(maps.decoder / scale)});
}

}  // namespace

Json train_del(const DelRecipe& r, const std::string& output, const std::function<bool()>& stop) {
  one_thread_per_operation();
  const Frozen frozen(r);
  if (r.depth >= frozen.config.layers)
    throw engine::Error("depth: expected below the model's {} layers, found {}", frozen.config.layers,
                        r.depth);
  if (r.width > frozen.config.width)
    throw engine::Error("width: expected at most the model's {}, found {}", frozen.config.width, r.width);
  if (r.context > frozen.config.context)
    throw engine::Error("context: expected at most the model's {}, found {}", frozen.config.context,
                        r.context);
  fmt::print(stderr, "writing {} windows of {} tokens\n", r.windows + r.held_out, r.context);
  const Teacher author(r.model);
  const Tensor text = written(r, frozen.config, author, r.windows, 0),
               held_out = written(r, frozen.config, author, r.held_out, 1u << 20);
  const Tensor sample = text.narrow(0, 0, std::min(256, r.windows)).narrow(1, 0, r.context);
  const Maps start = principal(r, frozen.before(sample));
  const double clean = evaluate(frozen, held_out, nullptr), directions = evaluate(frozen, held_out, &start);
  Learner learner(r, frozen, start);
  std::int64_t done = 0;
  std::mt19937_64 order(r.seed);
  for (; done < r.steps && !stop(); ++done) {
    std::vector<std::int64_t> chosen;
    chosen.reserve(static_cast<std::size_t>(r.batch));
    for (int i = 0; i < r.batch; ++i)
      chosen.push_back(static_cast<std::int64_t>(order() % static_cast<std::uint64_t>(r.windows)));
    const double loss = learner.step(text.index_select(0, at::tensor(chosen, at::kLong)), done);
    if ((done + 1) % 200 == 0)
      fmt::print(
          stderr,
          "step {} of {}: {:.4f} nats a token, held out {:.4f} (clean {:.4f}, principal directions {:.4f})\n",
          done + 1, r.steps, loss,
          [&] {
            const Maps m = learner.maps();
            return evaluate(frozen, held_out, &m);
          }(),
          clean, directions);
  }
  const Maps maps = learner.maps();
  std::filesystem::create_directories(output);
  write_maps(output + "/projection.safetensors", maps, r.clip);
  Json result = {{"schema_version", 1},
                 {"kind", "del"},
                 {"steps", done},
                 {"depth", r.depth},
                 {"width", r.width},
                 {"clip", r.clip},
                 {"held_out_tokens", r.held_out * r.context},
                 {"perplexity",
                  {{"clean", std::exp(clean)},
                   {"principal_directions", std::exp(directions)},
                   {"trained", std::exp(evaluate(frozen, held_out, &maps))}}},
                 {"clamped", clamped_share(frozen, held_out, maps)},
                 {"recipe", r.text}};
  engine::write_file(output + "/training.json", result.dump(1) + "\n");
  return result;
}

}  // namespace splitwan::scenarios
