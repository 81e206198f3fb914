#include "scenarios/train/del/soft_prompt.hh"

#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/console/console.hh"
#include "scenarios/train/del/moments.hh"
#include "scenarios/train/step.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::Json;

namespace {

constexpr std::uint64_t chosen_first = 2u << 20, held_first = 1u << 20;  // numbers of the windows
constexpr std::uint64_t fixed_draw = 0;  // of the noise wherever prompts are compared; steps draw 1 and up

// work(0 .. count - 1), each on whichever thread is free.
void for_each(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  in_parallel(static_cast<std::size_t>(threads), [&](std::size_t) {
    for (std::size_t i; (i = next.fetch_add(1)) < count;) work(i);
  });
}

using Loss = Tensor (NoisyModel::*)(const Prompted&, std::uint64_t, const Tensor&) const;

Loss loss_of(const SoftPromptRecipe& r) {
  return r.imitate ? &NoisyModel::divergence_sum : &NoisyModel::loss_sum;
}

std::vector<double> losses(const NoisyModel& model, Loss loss, const std::vector<Prompted>& windows,
                           const Tensor& prompt, int threads) {
  std::vector<double> all(windows.size());
  for_each(windows.size(), threads, [&](std::size_t i) {
    const at::NoGradGuard guard;
    all[i] = (model.*loss)(windows[i], fixed_draw, prompt).item<float>();
  });
  return all;
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum;
}

double counted(const std::vector<Prompted>& windows) {
  double sum = 0;
  for (const Prompted& p : windows) sum += p.counted();
  return sum;
}

// Nats a token that `a` lies above `b`, with its 90 % interval over windows, which are paired.
Json difference(const std::vector<double>& a, const std::vector<double>& b,
                const std::vector<Prompted>& windows) {
  constexpr double normal_90 = 1.645;
  const double tokens = counted(windows), mean = (sum_of(a) - sum_of(b)) / tokens;
  const auto n = static_cast<double>(windows.size());
  double squares = 0;
  for (std::size_t i = 0; i < windows.size(); ++i)
    squares += std::pow(a[i] - b[i] - mean * windows[i].counted(), 2);
  const double half = normal_90 * std::sqrt(squares * n / (n - 1)) / tokens;
  return {{"mean", mean}, {"low", mean - half}, {"high", mean + half}};
}

// Any prefix costs at first, random rows of the rows' size the least (20 of them in front of the demo model
// 0.02 nats a token, text 0.08). The first is the beginning-of-text token's: attention rests on it, and the
// window's own has gone through the noise.
Tensor first_prompt(const SoftPromptRecipe& r, const Tensor& rows, double unit) {
  const std::int64_t width = rows.size(1);
  if (r.start.empty()) {
    auto generator = at::detail::createCPUGenerator(r.seed);
    Tensor prompt = at::randn({r.tokens, width}, generator) * unit;
    prompt[0].copy_(rows[0]);
    return prompt;
  }
  const Tensor start = tensor_of(engine::read_soft_prompt(r.start, static_cast<int>(width)));
  if (start.size(0) != r.tokens)
    throw engine::Error("{}: expected {} rows, the recipe's tokens, found {}", r.start, r.tokens,
                        start.size(0));
  return start;
}

// The prompt in units of the rows' size, so that a learning rate means the same at every depth.
class PromptLearner {
 public:
  PromptLearner(const SoftPromptRecipe& r, const NoisyModel& model, const Tensor& start, double unit)
      : recipe_(r), model_(model), unit_(unit), values_(start / unit), moments_(values_) {}

  Tensor prompt() const { return values_ * unit_; }
  // Their mean loss. Gradients are added in the windows' order, so that threads change nothing.
  double step(const std::vector<Prompted>& windows, std::int64_t number) {
    std::vector<Tensor> gradients(windows.size());
    std::vector<double> sums(windows.size());
    for_each(windows.size(), recipe_.threads, [&](std::size_t i) {
      const Tensor leaf = prompt().set_requires_grad(true);
      const Tensor loss =
          (model_.*loss_of(recipe_))(windows[i], static_cast<std::uint64_t>(number) + 1, leaf);
      sums[i] = loss.item<float>();
      loss.backward();
      gradients[i] = leaf.grad();
    });
    const Tensor gradient = at::zeros_like(values_);
    for (const Tensor& g : gradients) gradient.add_(g, unit_);
    const double tokens = counted(windows), mean = sum_of(sums) / tokens;
    if (!std::isfinite(mean))
      throw engine::Error("step {}: the loss is {}: try a smaller learning_rate", number + 1, mean);
    moments_.step(recipe_, number, gradient, tokens, values_);
    return mean;
  }

 private:
  const SoftPromptRecipe& recipe_;
  const NoisyModel& model_;
  double unit_;
  Tensor values_;
  Moments moments_;
};

// As its file has it.
Tensor rounded(const Tensor& prompt) { return prompt.to(at::kHalf).to(at::kFloat); }

struct Best {
  Tensor prompt;
  double loss;
  std::int64_t step = 0;
};

struct Learned : Best {
  std::int64_t steps = 0;
};

Learned learn(const SoftPromptRecipe& r, const NoisyModel& model, PromptLearner& learner,
              const PromptText& text, const std::function<bool()>& stop) {
  const auto training = prompted(text.training, r.seed, 0),
             chosen_on = prompted(text.chosen_on, r.seed, chosen_first);
  const auto look = [&] {
    const Tensor prompt = rounded(learner.prompt());
    return Best{prompt, sum_of(losses(model, loss_of(r), chosen_on, prompt, r.threads)) / counted(chosen_on)};
  };
  Learned learned{look()};
  std::mt19937_64 order(r.seed);
  double seen = 0;
  for (int without = 0; learned.steps < r.steps && without < r.patience && !stop();) {
    std::vector<Prompted> batch;
    for (int i = 0; i < r.batch; ++i) batch.push_back(training[order() % training.size()]);
    seen += learner.step(batch, learned.steps++);
    if (learned.steps % r.evaluate_every != 0 && learned.steps != r.steps) continue;
    Best now = look();
    remark("step {} of {}: {:.4f} nats a token, {:.4f} where prompts are chosen, best {:.4f}", learned.steps,
           r.steps, seen / static_cast<double>((learned.steps - 1) % r.evaluate_every + 1), now.loss,
           std::min(now.loss, learned.loss));
    seen = 0, ++without;
    if (now.loss < learned.loss) {
      now.step = learned.steps;
      static_cast<Best&>(learned) = std::move(now);
      without = 0;
    }
  }
  return learned;
}

// What the prompt is worth, on text that nothing was learned from or chosen on.
Json figures(const SoftPromptRecipe& r, const Frozen& frozen, const NoisyModel& model, const Tensor& prompt,
             const WrittenText& text) {
  const auto windows = prompted(text, r.seed, held_first);
  const double tokens = counted(windows);
  const auto of = [&](const NoisyModel& m, const Tensor& p) {
    return losses(m, &NoisyModel::loss_sum, windows, p, r.threads);
  };
  const auto perplexity = [&](const std::vector<double>& l) { return std::exp(sum_of(l) / tokens); };
  const NoisySetup& setup = model.setup();
  NoisySetup maps = setup;
  maps.noise.reset();
  const auto trained = of(model, prompt), none = of(model, {});
  Json result = {{"held_out_tokens", tokens},
                 {"perplexity",
                  {{"clean", perplexity(of(NoisyModel(frozen, {.weights = {}, .maps = false}), {}))},
                   {"maps", perplexity(of(NoisyModel(frozen, maps), {}))},
                   {"none", perplexity(none)},
                   {"trained", perplexity(trained)}}},
                 {"gain", {{"over_none", difference(none, trained, windows)}}}};
  const std::string rival = setup.weights.folder + "/" + engine::soft_prompt_file({}, "noiseless");
  if (r.noise && std::filesystem::exists(rival)) {
    const auto noiseless = of(model, tensor_of(engine::read_soft_prompt(rival, frozen.config.width)));
    result["perplexity"]["noiseless"] = perplexity(noiseless);
    result["gain"]["over_noiseless"] = difference(noiseless, trained, windows);
  }
  return result;
}

void write_prompt(const std::string& path, const Tensor& prompt) {
  const Tensor c = prompt.contiguous();
  engine::write_soft_prompt(path, {static_cast<int>(c.size(0)), static_cast<int>(c.size(1)),
                                   std::vector<float>(data(c), data(c) + c.numel())});
}

}  // namespace

PromptText text_for(const SoftPromptRecipe& r) {
  const auto written = [&](int count, std::uint64_t first) {
    return written_text(r.model, count, r.context, r.seed, first);
  };
  return {written(r.windows, 0), written(r.chosen_on, chosen_first), written(r.held_out, held_first)};
}

NoisySetup setup_of(const SoftPromptRecipe& r, const engine::DelWeights& w) {
  NoisySetup setup{
      .weights = w, .cap = r.cap, .noisy_continuation = r.continuation == "noisy", .tail = r.tail};
  if (r.noise) setup.noise = engine::BinomialSpec{r.mu, r.bits, w.maps->width, w.clip};
  return setup;
}

Tensor tensor_of(const engine::SoftPrompt& p) {
  if (p.rows == 0) return {};
  return at::tensor(at::ArrayRef<float>(p.values)).view({p.rows, p.model_width});
}

Json train_soft_prompt(const SoftPromptRecipe& r, const std::string& folder,
                       const std::function<bool()>& stop, const PromptText* shared) {
  one_thread_per_operation();
  const engine::DelWeights weights = engine::read_del_weights(r.weights);
  const Frozen frozen(r.model, weights.depth, r.context, r.tokens);
  const NoisyModel model(frozen, setup_of(r, weights));
  if (!shared) remark("writing {} windows of {} tokens", r.windows + r.chosen_on + r.held_out, r.context);
  const PromptText text = shared ? *shared : text_for(r);
  const Tensor rows =
      frozen.before(text.training.ids.narrow(0, 0, std::min(64, r.windows)).narrow(1, 0, r.context));
  const double unit = std::max(1e-12f, rows.square().mean().sqrt().item<float>());
  PromptLearner learner(r, model, first_prompt(r, rows, unit), unit);
  const Learned learned = learn(r, model, learner, text, stop);
  std::filesystem::create_directories(folder);
  const std::string file = engine::soft_prompt_file({r.mu, r.bits, weights.maps->width, weights.clip},
                                                    r.noise ? r.continuation : "noiseless");
  Json result = {{"schema_version", 1},
                 {"kind", "soft-prompt"},
                 {"file", file},
                 {"steps", learned.steps},
                 {"best_step", learned.step},
                 {"mu", r.noise ? Json(r.mu) : Json()},
                 {"bits", r.noise ? Json(r.bits) : Json()},
                 {"tokens", r.tokens},
                 {"chosen_loss", learned.loss}};
  result.update(figures(r, frozen, model, learned.prompt, text.held_out));
  result["recipe"] = r.text;
  write_prompt(folder + "/" + file, learned.prompt);
  engine::write_file((std::filesystem::path(folder) / file).replace_extension(".json").string(),
                     result.dump(1) + "\n");
  return result;
}

}  // namespace splitwan::scenarios
