#include "scenarios/train/del/del.hh"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/privacy/projection.hh"
#include "scenarios/console/console.hh"
#include "scenarios/train/del/frozen.hh"
#include "scenarios/train/del/moments.hh"
#include "scenarios/train/step.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::Json;

namespace {

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
// another; a share `inside` of the latents lies within the box.
Maps principal(const DelRecipe& r, const Tensor& rows) {
  const auto width = rows.size(1);
  const auto [values, vectors] = at::linalg_eigh(at::matmul(rows.t(), rows), "L");
  const Tensor directions = vectors.narrow(1, width - r.width, r.width).t();  // [d, b]
  auto generator = at::detail::createCPUGenerator(r.seed);
  const Tensor turn = std::get<0>(at::linalg_qr(at::randn({r.width, r.width}, generator), "reduced"));
  const Tensor encoder = at::matmul(turn, directions);
  const Tensor latents = at::linear(rows, encoder).abs().flatten();
  const auto kept = static_cast<std::int64_t>(r.inside * static_cast<double>(latents.numel()));
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
        moments_(flat_),
        reach_(maps.reach),
        workers_(static_cast<std::size_t>(r.threads)) {}

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
    moments_.step(recipe_, number, gradient, tokens, flat_);
    return sum / tokens;
  }

 private:
  const DelRecipe& recipe_;
  const Frozen& frozen_;
  Tensor flat_;
  Moments moments_;
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
  const Frozen frozen(r.model, r.depth, r.context);
  if (r.width > frozen.config.width)
    throw engine::Error("width: expected at most the model's {}, found {}", frozen.config.width, r.width);
  remark("writing {} windows of {} tokens", r.windows + r.held_out, r.context);
  const Tensor text = written_text(r.model, r.windows, r.context, r.seed, 0).ids,
               held_out = written_text(r.model, r.held_out, r.context, r.seed, 1u << 20).ids;
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
      remark(
          "step {} of {}: {:.4f} nats a token, held out {:.4f} (clean {:.4f}, principal directions {:.4f})",
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
