// What a drafter would gain on a text that is there is what it gains when it runs.
#include "engine/decode/rehearse.hh"

#include <gtest/gtest.h>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::RandomModel;

const std::vector<Token> prompt = {1, 2, 3, 4, 5, 1, 2, 3, 7, 1, 2};

struct Steps {
  std::vector<std::uint32_t> rows, accepted;
  bool operator==(const Steps&) const = default;
};

class Rehearsed : public testing::TestWithParam<Sampling> {
 protected:
  // The drafter's own run, and what it is rehearsed to do on the output of decoding one by one.
  std::pair<Steps, Steps> both(const std::string& name, int limit) {
    const GenerateOptions options{.max_new_tokens = limit, .stop_at_eos = false, .sampling = GetParam()};
    const Sampler sampler(options.sampling);
    const DrafterTools tools{&sampler, &*draft_.whole};
    Steps rehearsed;
    std::vector<Token> output;
    tests::split(model_, 1, 1, {}, [&](Party& p, Forward& f) {
      output = generate(p, f, *make_sequential(), model_.config(), prompt, options).output;
    });
    const auto ran = tests::split(model_, 1, 1, {}, [&](Party& p, Forward& f) {
      generate(p, f, *make_drafter(name, tools), model_.config(), prompt, options);
      const auto drafter = make_drafter(name, tools);
      const Rehearsal r = rehearse(p, *drafter, prompt, output, limit, model_.config().context);
      rehearsed = {r.rows, r.accepted};
    });
    Steps own;
    for (const Step& step : ran.client.run.steps) {
      if (step.prefill) continue;
      own.rows.push_back(step.rows);
      own.accepted.push_back(step.accepted);
    }
    return {own, rehearsed};
  }
  RandomModel model_, draft_{{{"num_hidden_layers", 1}}};  // alike in part
};

TEST_P(Rehearsed, every_drafter_of_texts_takes_the_steps_of_its_own_run) {
  for (const std::string& name : text_drafters(true)) {
    const auto [own, rehearsed] = both(name, 30);
    EXPECT_FALSE(own.rows.empty());
    EXPECT_EQ(own, rehearsed) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Greedy, Rehearsed, testing::Values(Sampling{}));
INSTANTIATE_TEST_SUITE_P(Sampled, Rehearsed, testing::Values(Sampling{.temperature = 0.8, .seed = 3}));

}  // namespace
}  // namespace splitwan::engine
