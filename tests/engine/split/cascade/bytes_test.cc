// What the nodes send, counted at the wire, against closed forms.
#include <gmock/gmock.h>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "engine/party/shard_plan.hh"
#include "tests/fixtures/cascade_fixture.hh"

namespace splitwan::engine {
namespace {

using tests::prompt_of;
using tests::RandomModel;

struct Sent {
  PartyId from, to;
  std::uint32_t rows;
  std::uint64_t bytes;
  auto operator<=>(const Sent&) const = default;
};

void PrintTo(const Sent& s, std::ostream* out) {
  *out << s.from << " to " << s.to << ": " << s.rows << " rows, " << s.bytes << " bytes";
}

std::vector<Sent> sent_in(const tests::CascadeRun& run, std::uint64_t step) {
  std::vector<Sent> all;
  for (const auto& [id, recorder] : run.parties)
    for (const Span& span : recorder.run.spans)
      if (span.op == Op::send && span.step == step && span.rows > 0)
        all.push_back({id, span.peer, span.rows, span.bytes});
  std::ranges::sort(all);
  return all;
}

std::vector<Sent> planned(const ShardBatch& batch) {
  std::vector<Sent> all;
  for (const ShardMessage& m : batch.messages) all.push_back({m.from, m.to, m.rows, m.bytes()});
  std::ranges::sort(all);
  return all;
}

ShardWidths widths_of(const ModelConfig& c, int layers) {
  return shard_widths_of(geometry(c), {0, layers}, "model");
}

Carried inner(const std::vector<Sent>& all) {
  Carried sum;
  for (const Sent& s : all)
    if (s.from != 0 && s.to != 0) sum += {1, s.bytes};
  return sum;
}

TEST(CascadeBytes, are_the_closed_form_and_headers_for_prompts_and_single_tokens) {
  RandomModel model;
  int compared = 0;
  for (const int alpha : {2, 3, 4, 8}) {
    for (const int cluster : {1, 2, 3}) {
      for (const auto form : {PartialForm::meu, PartialForm::o_lse}) {
        for (const bool aggregator : {false, true}) {
          CascadeTerms terms{{{alpha, cluster, aggregator}, form}, &codec_named("f32"), {}};
          const int prompt = 37;
          const auto run = tests::cascade(model, 0, 0, terms, [&](Party& p, Forward& f) {
            p.begin_step(1, 0);
            f.prefill(prompt_of(prompt));
            p.begin_step(2, static_cast<std::uint32_t>(prompt));
            f.run(TokenBatch{{5}, {-1}});
            f.commit(std::vector<std::int32_t>{0});
          });
          std::vector<std::uint32_t> positions = chain_depths(prompt);
          for (const std::uint64_t step : {1, 2}) {
            const ShardBytes form_bytes = step_bytes(terms, widths_of(model.config(), 4), "f32", positions);
            const Carried found = inner(sent_in(run, step)), expected = form_bytes.inner();
            EXPECT_EQ(found.messages, expected.messages);
            EXPECT_EQ(found.payload, expected.payload + prefix_size * expected.messages)
                << alpha << "," << cluster << " step " << step;
            EXPECT_EQ(form_bytes.hops, (aggregator ? 3u : 2u) * 4 + 2);
            positions = {static_cast<std::uint32_t>(prompt)};
            ++compared;
          }
        }
      }
    }
  }
  EXPECT_EQ(compared, 96);
}

TEST(CascadeBytes, are_the_plan_s_message_for_message_with_trees_that_are_kept_in_part) {
  RandomModel model;
  int compared = 0;
  for (const bool aggregator : {false, true}) {
    CascadeTerms terms{{{3, 2, aggregator}, PartialForm::meu}, &codec_named("f16"), {}};
    const TokenBatch tree{{7, 8, 9, 10, 11, 12}, {-1, 0, 1, 0, 3, -1}};
    const auto run = tests::cascade(model, 1, 0, terms,
                                    [&](Party& p, Forward& f) {
                                      p.begin_step(1, 0);
                                      f.prefill(prompt_of(37));
                                      p.begin_step(2, 37);
                                      f.run(tree);
                                      f.commit(std::vector<std::int32_t>{0, 3, 4});
                                      for (std::uint64_t step = 3; step < 8; ++step) {
                                        p.begin_step(step, static_cast<std::uint32_t>(f.committed()));
                                        f.run(TokenBatch{{13}, {-1}});
                                        f.commit(std::vector<std::int32_t>{0});
                                      }
                                    },
                                    {.prefill_chunk = 37});
    ShardSession plan(terms, widths_of(model.config(), 3), "f16");
    EXPECT_THAT(sent_in(run, 1), testing::ElementsAreArray(planned(plan.add(1, chain_depths(37), true))));
    plan.commit(37);
    EXPECT_THAT(sent_in(run, 2), testing::ElementsAreArray(planned(plan.add(2, {0, 1, 2, 1, 2, 0}, false))));
    plan.commit(3);
    for (std::uint64_t step = 3; step < 8; ++step, ++compared) {
      EXPECT_THAT(sent_in(run, step), testing::ElementsAreArray(planned(plan.add(step, {0}, true)))) << step;
      plan.commit(1);
    }
  }
  EXPECT_EQ(compared, 10);
}

}  // namespace
}  // namespace splitwan::engine
