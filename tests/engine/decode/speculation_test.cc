// What every drafter must hold: the very tokens of sequential decoding, in one round trip a step.
#include <gmock/gmock.h>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::RandomModel;

const std::vector<std::string> drafters = {
    "ngram",     "ngram-3",         "ngram-7",         "jacobi",          "jacobi-1", "jacobi-12",
    "lookahead", "lookahead-1-2-1", "lookahead-3-4-2", "lookahead-7-5-7", "auto"};

std::vector<Token> prompt_of(int n, int seed) {
  std::vector<Token> ids(n);
  for (int i = 0; i < n; ++i) ids[i] = (i * i + seed + 3 * (i % 5)) % 90;
  return ids;
}

struct Ran {
  Generation done;
  std::uint64_t round_trips = 0;
  tests::Recorded recorded;
};

Ran run(RandomModel& model, const std::string& name, std::span<const Token> prompt,
        const GenerateOptions& options, int head = 1, int tail = 1) {
  Ran ran;
  ran.recorded = tests::split(model, head, tail, {}, [&](Party& p, Forward& f) {
    const Sampler sampler(options.sampling);
    const auto drafter = make_drafter(name, {&sampler});
    ran.done = generate(p, f, *drafter, model.config(), prompt, options);
    ran.round_trips = f.round_trips();
  });
  return ran;
}

TEST(Speculation, draws_the_tokens_of_sequential_decoding_greedy_and_sampled) {
  RandomModel model;
  for (const Sampling& sampling :
       {Sampling{}, Sampling{.temperature = 0.8, .seed = 3}, Sampling{.temperature = 0.3, .seed = 4},
        Sampling{.temperature = 1, .top_k = 5, .repetition_penalty = 1.2, .seed = 5}}) {
    for (int seed = 0; seed < 4; ++seed) {
      const auto prompt = prompt_of(3 + 9 * seed, seed);
      const GenerateOptions options{.max_new_tokens = 50, .stop_at_eos = false, .sampling = sampling};
      const auto plain = run(model, "sequential", prompt, options).done.output;
      for (const std::string& name : drafters)
        EXPECT_EQ(run(model, name, prompt, options).done.output, plain)
            << name << " at " << sampling.temperature;
    }
  }
}

TEST(Speculation, draws_them_wherever_the_cut_is_and_where_nothing_is_cut) {
  RandomModel model;
  const auto prompt = prompt_of(20, 1);
  const GenerateOptions options{.max_new_tokens = 40, .stop_at_eos = false};
  const auto plain = run(model, "sequential", prompt, options).done.output;
  for (const std::string& name : drafters) {
    for (const auto& [head, tail] : {std::pair{0, 1}, {2, 1}, {1, 0}})
      EXPECT_EQ(run(model, name, prompt, options, head, tail).done.output, plain) << name;
    tests::locally(model, [&](Party& p, Forward& f) {
      const auto drafter = make_drafter(name, {});
      EXPECT_EQ(generate(p, f, *drafter, model.config(), prompt, options).output, plain) << name;
    });
  }
}

TEST(Speculation, fills_the_context_to_the_last_token_like_sequential_decoding) {
  RandomModel model(Json{{"max_position_embeddings", 128}});
  const auto prompt = prompt_of(110, 2);
  const GenerateOptions options{.max_new_tokens = 100, .stop_at_eos = false};
  const Generation plain = run(model, "sequential", prompt, options).done;
  ASSERT_EQ(plain.finish, "context");
  for (const std::string& name : drafters) {
    const Generation done = run(model, name, prompt, options).done;
    EXPECT_EQ(done.output, plain.output) << name;
    EXPECT_EQ(done.finish, "context") << name;
  }
}

TEST(Speculation, costs_one_round_trip_a_step) {
  RandomModel model;
  for (const std::string& name : drafters) {
    const Ran ran = run(model, name, prompt_of(20, 1), {.max_new_tokens = 30, .stop_at_eos = false});
    EXPECT_EQ(ran.round_trips, ran.done.steps) << name;
    std::map<std::uint64_t, std::pair<int, int>> messages;  // of each step: sent, received
    for (const Span& span : ran.recorded.client.run.spans) {
      if (span.op == Op::send && span.rows > 0) ++messages[span.step].first;
      if (span.op == Op::recv && span.rows > 0) ++messages[span.step].second;
    }
    EXPECT_EQ(messages.size(), ran.done.steps) << name;
    for (const auto& [step, count] : messages) EXPECT_EQ(count, std::pair(1, 1)) << name << ", step " << step;
  }
}

// The random model falls into a loop when it is greedy; whoever reads the text or the trajectories sees it.
TEST(Speculation, takes_fewer_steps_where_the_text_is_easy) {
  RandomModel model;
  const GenerateOptions options{.max_new_tokens = 100, .stop_at_eos = false};
  const auto steps = [&](const char* name) { return run(model, name, prompt_of(20, 1), options).done.steps; };
  EXPECT_EQ(steps("sequential"), 100u);
  EXPECT_LT(steps("ngram"), 80u);
  EXPECT_LT(steps("jacobi"), 100u);
  EXPECT_LT(steps("lookahead"), 80u);
}

}  // namespace
}  // namespace splitwan::engine
