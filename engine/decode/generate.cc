#include "engine/decode/generate.hh"

#include <ATen/ATen.h>

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

void check_prompt(const ModelConfig& config, std::span<const Token> prompt) {
  if (prompt.empty())
    throw Error("the prompt is empty: give text, ids, or a model with a begin-of-text token");
  for (const Token id : prompt) {
    if (id < 0 || id >= config.vocabulary) {
      throw Error("prompt: token id {} is outside the vocabulary of {}", id, config.vocabulary);
    }
  }
  if (static_cast<int>(prompt.size()) >= config.context) {
    throw Error("prompt of {} tokens: the model's context is {}, one must be left to generate", prompt.size(),
                config.context);
  }
}

class Generator {
 public:
  Generator(Party& party, Forward& forward, Drafter& drafter, const ModelConfig& config,
            std::span<const Token> prompt, const GenerateOptions& options)
      : party_(party),
        forward_(forward),
        drafter_(drafter),
        config_(config),
        options_(options),
        sampler_(options.sampling),
        context_(prompt.begin(), prompt.end()),
        begin_(party.now()) {}

  Generation run() {
    prefill();
    forward_.step_done();
    while (done_.finish.empty()) {
      decode();
      forward_.step_done();
    }
    done_.total = party_.now() - begin_;
    return std::move(done_);
  }

 private:
  void prefill() {
    const auto rows = static_cast<std::uint32_t>(context_.size());
    party_.begin_step(party_.step() + 1, 0);
    const at::Tensor logits = forward_.prefill(context_);
    take(chosen(logits, 0, context_), logits, 0);
    drafter_.prefilled(party_.spans());
    done_.prefill = party_.now() - begin_;
    record({.step = party_.step(), .prefill = true, .begin = begin_, .rows = rows, .accepted = 1});
  }

  void decode() {
    const Nanos begin = party_.now();
    const auto context = static_cast<std::uint32_t>(forward_.committed());
    party_.begin_step(party_.step() + 1, context);
    const auto tokens_left = options_.max_new_tokens - static_cast<int>(done_.output.size());
    const auto space_left = config_.context - forward_.committed();
    const int room = std::min(tokens_left, space_left) - 1;
    const TokenBatch batch = drafter_.propose(party_, context_, room);
    const at::Tensor logits = forward_.run(batch);
    const std::size_t before = context_.size();
    std::vector<std::int32_t> accepted;
    for (std::int32_t row = 0; row >= 0 && done_.finish.empty();) {
      accepted.push_back(row);
      const Token token = chosen(logits, row, context_);
      take(token, logits, row);
      row = child_holding(batch, row, token);
    }
    forward_.commit(accepted);
    if (options_.on_step) options_.on_step(batch, accepted);
    Step step{.step = party_.step(),
              .begin = begin,
              .end = party_.now(),
              .rows = static_cast<std::uint32_t>(batch.rows()),
              .context = context,
              .drafted = static_cast<std::uint32_t>(batch.rows() - 1),
              .accepted = static_cast<std::uint32_t>(accepted.size()),
              .reason = drafter_.reason()};
    const std::function<Token(std::int32_t)> choice = [&](std::int32_t row) {
      std::vector<Token> path(context_.begin(), context_.begin() + static_cast<std::ptrdiff_t>(before));
      for (const std::int32_t r : path_to(batch.parent, row)) {
        if (r > 0) path.push_back(batch.ids[r]);  // row 0 is the last of the context before
      }
      return chosen(logits, row, path);
    };
    drafter_.verified(party_, {batch, accepted, context_, step, party_.spans(), choice});
    record(step);
  }

  // The token after `path`, which ends in the row's.
  Token chosen(const at::Tensor& logits, std::int64_t row, std::span<const Token> path) {
    const auto vocabulary = static_cast<std::size_t>(logits.size(1));
    const std::span of_row(logits.data_ptr<float>() + row * logits.size(1), vocabulary);
    const Work scan{Phase::verify, 1, 0, 0, 4.0 * config_.vocabulary};
    return party_.work(scan, [&] { return sampler_.choose(of_row, path); });
  }

  void take(Token token, const at::Tensor& logits, std::int64_t row) {
    context_.push_back(token);
    done_.output.push_back(token);
    if (options_.on_token) options_.on_token(token, logits[row]);
    const auto ends = [&](const std::vector<Token>& with) {
      return std::find(with.begin(), with.end(), token) != with.end();
    };
    if (options_.stop_at_eos && (ends(config_.eos) || ends(options_.more_ends))) {
      done_.finish = "eos";
    } else if (options_.stop && options_.stop(token)) {
      done_.finish = "stop";
    } else if (static_cast<int>(done_.output.size()) >= options_.max_new_tokens) {
      done_.finish = "length";
    } else if (static_cast<int>(context_.size()) > config_.context) {
      done_.finish = "context";
    }
  }

  void record(Step step) {
    step.end = party_.now();
    step.sent = sent_rows() > step.rows ? sent_rows() : 0;
    party_.step_done(step);
    if (options_.on_time) options_.on_time(step, party_.spans(), party_.outages());
    ++done_.steps;
  }

  std::uint32_t sent_rows() const {
    std::uint32_t rows = 0;
    for (const Span& span : party_.spans()) rows += span.op == Op::send ? span.rows : 0;
    return rows;
  }

  Party& party_;
  Forward& forward_;
  Drafter& drafter_;
  const ModelConfig& config_;
  const GenerateOptions& options_;
  Sampler sampler_;
  std::vector<Token> context_;
  Nanos begin_;
  Generation done_;
};

}  // namespace

void check_request(const ModelConfig& config, std::span<const Token> prompt, const GenerateOptions& options) {
  check_prompt(config, prompt);
  check(options.sampling);
  if (options.max_new_tokens < 1)
    throw Error("max-new-tokens {}: expected at least 1", options.max_new_tokens);
}

Generation generate(Party& party, Forward& forward, Drafter& drafter, const ModelConfig& config,
                    std::span<const Token> prompt, const GenerateOptions& options) {
  check_request(config, prompt, options);
  return Generator(party, forward, drafter, config, prompt, options).run();
}

}  // namespace splitwan::engine
