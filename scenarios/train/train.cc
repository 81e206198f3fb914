#include "scenarios/train/train.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/train/agreement.hh"
#include "scenarios/train/del/del.hh"
#include "scenarios/train/del/soft_prompt.hh"
#include "scenarios/train/lessons.hh"
#include "scenarios/train/progress.hh"
#include "scenarios/train/step.hh"

namespace splitwan::scenarios {

namespace fs = std::filesystem;
using engine::Json;
using engine::ModelConfig;

namespace {

// Puts tokenizer.model into the output folder, unless an earlier session did.
std::unique_ptr<engine::Tokenizer> provide_tokenizer(const Recipe& recipe, const std::string& output) {
  const std::string path = output + "/tokenizer.model";
  if (!fs::exists(path)) {
    if (recipe.train_vocabulary) {
      remark("training a vocabulary of {}", recipe.train_vocabulary);
      train_vocabulary(recipe, path);
    } else {
      const std::string from = recipe.tokenizer.empty() ? recipe.init + "/tokenizer.model" : recipe.tokenizer;
      if (!fs::exists(from)) throw engine::Error("{}: the tokenizer is not there", from);
      fs::copy_file(from, path);
      fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
    }
  }
  return engine::make_sentencepiece_tokenizer(path);
}

ModelConfig provide_config(const Recipe& recipe, const engine::Tokenizer& tokenizer) {
  ModelConfig config = recipe.init.empty() ? recipe.model : engine::read_model_config(recipe.init);
  if (recipe.init.empty()) {
    config.vocabulary = tokenizer.vocabulary();
    config.bos = 1;  // SentencePiece's default control tokens
    config.eos = {2};
  }
  if (config.vocabulary < tokenizer.vocabulary()) {
    throw engine::Error("{}: the tokenizer has {} ids, the model's vocabulary only {}", recipe.init,
                        tokenizer.vocabulary(), config.vocabulary);
  }
  if (recipe.context > config.context) {
    throw engine::Error("context: expected at most the model's {}, found {}", config.context, recipe.context);
  }
  return config;
}

// Its ids must mean what the student's mean.
std::optional<Teacher> provide_teacher(const Recipe& recipe, const ModelConfig& student,
                                       const std::string& output) {
  if (!recipe.teacher) return {};
  const std::string& folder = recipe.teacher->model;
  const std::string tokenizer = folder + "/tokenizer.model";
  if (engine::read_text_file(tokenizer) != engine::read_text_file(output + "/tokenizer.model")) {
    throw engine::Error("{}: expected the tokenizer of the model in training, found another", tokenizer);
  }
  Teacher teacher(folder);
  if (teacher.config().vocabulary != student.vocabulary) {  // their logits are compared place by place
    throw engine::Error("{}: expected a vocabulary of {}, as the model in training has, found {}", folder,
                        student.vocabulary, teacher.config().vocabulary);
  }
  if (recipe.context > teacher.config().context) {
    throw engine::Error("context: expected at most the teacher's {}, found {}", teacher.config().context,
                        recipe.context);
  }
  return teacher;
}

std::optional<Imitation> imitation_of(const Recipe& recipe, const std::optional<Teacher>& teacher) {
  if (!teacher) return {};
  return Imitation{
      teacher->head(),
      {static_cast<float>(recipe.teacher->weight), static_cast<float>(1 / recipe.teacher->temperature)}};
}

Json validate(Stepper& stepper, const DataMix& mix, int windows) {
  Json losses = Json::object();
  for (std::size_t i = 0; i < mix.sources().size(); ++i) {
    losses[mix.sources()[i].name] = stepper.evaluate(mix.held_out(i, windows));
  }
  return losses;
}

std::string describe(const Json& losses) {
  std::string text;
  for (const auto& [name, loss] : losses.items())
    text += fmt::format("  {} {:.3f}", name, loss.get<double>());
  return text;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// What is trained around a model that stays as it is: stopped by a signal or the time, it writes what it has.
int train_around(
    const TrainOptions& options,
    const std::function<Json(const std::string& output, const std::function<bool()>& stop)>& train) {
  fs::create_directories(options.output);
  const SignalWatch watch;
  const auto begin = std::chrono::steady_clock::now();
  const Json result = train(options.output, [&] {
    return SignalWatch::received() || (options.minutes > 0 && seconds_since(begin) > options.minutes * 60);
  });
  fmt::print("{}\n",
             options.json ? result.dump() : options.output + ": perplexity " + result["perplexity"].dump());
  return SignalWatch::received() ? 128 + SignalWatch::received() : 0;
}

}  // namespace

int train(const TrainOptions& options) {
  const Json said = engine::read_json_file(options.recipe);
  if (is_del_recipe(said))
    return train_around(options, std::bind_front(train_del, read_del_recipe(options.recipe)));
  if (is_soft_prompt_recipe(said))
    return train_around(options,
                        [r = read_soft_prompt_recipe(options.recipe)](const auto& output, const auto& stop) {
                          return train_soft_prompt(r, output, stop);
                        });
  const Recipe recipe = read_recipe(options.recipe);
  fs::create_directories(options.output);
  const auto tokenizer = provide_tokenizer(recipe, options.output);
  const ModelConfig config = provide_config(recipe, *tokenizer);
  const bool resumed = has_state(options.output);
  TrainState state = resumed ? load_state(options.output, config) : first_state(recipe, config);
  const DataMix mix(recipe, *tokenizer, config.bos);
  const std::optional<Teacher> teacher = provide_teacher(recipe, config, options.output);
  remark("{} parameters, {} training tokens, {} at step {} of {}", state.weights.numel(),
         mix.training_tokens(), resumed ? "resuming" : "starting", state.step, recipe.steps);
  Stepper stepper(recipe, config, state, imitation_of(recipe, teacher));
  TrainProgress progress(recipe.steps);
  const SignalWatch watch;
  constexpr int quick = 16, thorough = 64;  // validation windows per source
  const double seconds_before = state.seconds;
  const auto begin = std::chrono::steady_clock::now();
  auto saved = begin;
  std::optional<Lessons> lessons;
  std::optional<AgreementTest> agreement;
  const auto save = [&](int windows) {
    state.seconds = seconds_before + seconds_since(begin);
    save_state(options.output, state);
    export_model(options.output, config, state.weights);
    const Json losses = validate(stepper, mix, windows);
    Json result{{"schema_version", 1},         {"steps", state.step},         {"tokens_seen", state.tokens},
                {"duration_s", state.seconds}, {"training_loss", state.loss}, {"validation_loss", losses},
                {"recipe", recipe.text}};
    if (agreement) result["teacher_agreement"] = agreement->run(stepper.model());
    engine::write_file(options.output + "/training.json", result.dump(1) + "\n");
    progress.clear();
    remark("saved at step {}; validation loss, nats per token:{}", state.step, describe(losses));
    saved = std::chrono::steady_clock::now();
    return result;
  };
  const auto finished = [&] {
    return state.step >= recipe.steps || SignalWatch::received() ||
           (options.stop_at > 0 && state.step >= options.stop_at) ||
           (options.minutes > 0 && seconds_since(begin) > options.minutes * 60);
  };
  if (teacher) {
    lessons.emplace(recipe, mix, *teacher, options.output);
    if (!lessons->prepare(finished) && SignalWatch::received()) return 128 + SignalWatch::received();
    agreement.emplace(recipe, mix, *teacher);
    saved = std::chrono::steady_clock::now();
  }
  while (!finished()) {
    stepper.step(lessons ? lessons->sample(state.step) : mix.sample(state.step));
    progress.show(state, recipe.rate_at(state.step - 1));
    if (seconds_since(saved) > options.save_minutes * 60 && !finished()) save(quick);
  }
  const Json result = save(SignalWatch::received() ? quick : thorough);
  if (options.json) fmt::print("{}\n", result.dump());
  return SignalWatch::received() ? 128 + SignalWatch::received() : 0;
}

}  // namespace splitwan::scenarios
