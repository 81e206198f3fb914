// The split against local decoding, and what it costs in bytes and round trips.
#include <gmock/gmock.h>

#include <numeric>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "engine/split/hello.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::prompt_of;
using tests::RandomModel;

struct Outcome {
  std::vector<Token> tokens;
  std::vector<at::Tensor> logits;
  std::uint64_t round_trips = 0, steps = 0;
};

Outcome decode(Party& party, Forward& forward, const ModelConfig& config, const std::string& drafter,
               int prompt, int count) {
  Outcome out;
  const GenerateOptions options{count, true,
                                [&](Token, const at::Tensor& l) { out.logits.push_back(l.clone()); }};
  const Generation done =
      generate(party, forward, *make_drafter(drafter, {}), config, prompt_of(prompt), options);
  out.tokens = done.output;
  out.steps = done.steps;
  out.round_trips = forward.round_trips();
  return out;
}

TEST(Split, equals_local_decoding_bit_for_bit_at_every_depth_and_with_every_drafter) {
  RandomModel model;
  for (const char* drafter : {"sequential", "ngram", "ngram-3", "ngram-7"}) {
    Outcome local;
    tests::locally(model,
                   [&](Party& p, Forward& f) { local = decode(p, f, model.config(), "sequential", 40, 60); });
    for (const auto& [head, tail] : {std::pair{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 1}}) {
      Outcome split;
      tests::split(model, head, tail, {},
                   [&](Party& p, Forward& f) { split = decode(p, f, model.config(), drafter, 40, 60); });
      EXPECT_EQ(split.tokens, local.tokens) << drafter << " " << head << "," << tail;
      for (std::size_t i = 0; i < local.logits.size(); ++i)
        ASSERT_TRUE(at::equal(split.logits[i], local.logits[i]));
    }
  }
}

TEST(Split, costs_one_round_trip_a_step_and_one_for_a_prompt_of_any_length) {
  RandomModel model;
  for (const int prompt : {1, 40, 200}) {
    Outcome out;
    const auto recorded = tests::split(model, 1, 1, {.prefill_chunk = 16}, [&](Party& p, Forward& f) {
      out = decode(p, f, model.config(), "sequential", prompt, 8);
    });
    EXPECT_EQ(out.round_trips, 8u);
    const Step& first = recorded.client.run.steps[0];
    EXPECT_TRUE(first.prefill);
    EXPECT_GE(first.end - first.begin, std::chrono::milliseconds(80));
    EXPECT_LT(first.end - first.begin, std::chrono::milliseconds(82));
  }
}

TEST(Split, gains_several_tokens_a_round_trip_where_text_repeats) {
  RandomModel model;
  Outcome sequential, ngram;
  tests::split(model, 1, 1, {}, [&](Party& p, Forward& f) {
    sequential = decode(p, f, model.config(), "sequential", 40, 80);
  });
  tests::split(model, 1, 1, {},
               [&](Party& p, Forward& f) { ngram = decode(p, f, model.config(), "ngram", 40, 80); });
  EXPECT_EQ(ngram.tokens, sequential.tokens);
  EXPECT_LT(ngram.round_trips, sequential.round_trips);
  EXPECT_EQ(sequential.round_trips, 80u);
}

TEST(Split, sends_exactly_the_header_the_kept_rows_and_the_activations) {
  RandomModel model;
  for (const auto& [wire, value] : {std::pair{"f32", 4}, {"f16", 2}}) {
    const auto recorded =
        tests::split(model, 1, 1, {.wire = &codec_named(wire), .prefill_chunk = 128},
                     [&](Party& p, Forward& f) { decode(p, f, model.config(), "sequential", 10, 3); });
    std::vector<std::uint64_t> up, down;
    for (const Span& s : recorded.client.run.spans) {
      if (s.op == Op::send && s.step > 0) up.push_back(s.bytes);
      if (s.op == Op::recv && s.step > 0) down.push_back(s.bytes);
    }
    const std::uint64_t row = 32 * value, h = prefix_size;
    EXPECT_EQ(up, (std::vector<std::uint64_t>{h + 10 * row, h + 4 * 10 + row, h + 4 + row}));
    EXPECT_EQ(down, (std::vector<std::uint64_t>{h + 10 * row, h + row, h + row}));
  }
}

TEST(Split, over_f16_stays_within_its_rounding) {
  RandomModel model;
  at::Tensor exact, rounded;
  const auto prefill = [](at::Tensor& into) {
    return [&](Party& p, Forward& f) {
      p.begin_step(1, 0);
      into = f.prefill(prompt_of(30));
    };
  };
  tests::split(model, 1, 1, {}, prefill(exact));
  tests::split(model, 1, 1, {.wire = &codec_named("f16")}, prefill(rounded));
  const float difference = (exact - rounded).abs().max().item<float>();
  EXPECT_GT(difference, 0.f);
  EXPECT_LT(difference, 2e-2f);
}

TEST(Split, stops_at_the_end_of_text_and_at_the_end_of_the_context) {
  RandomModel model(Json{{"max_position_embeddings", 48}});
  tests::split(model, 1, 1, {}, [&](Party& p, Forward& f) {
    const auto done =
        generate(p, f, *make_drafter("ngram", {}), model.config(), prompt_of(40), {100, true, {}});
    EXPECT_EQ(done.finish, "context");
    EXPECT_EQ(done.output.size(), 9u);  // the last one needs no place of its own
  });
  EXPECT_THAT(tests::error_of([&] {
                tests::split(model, 1, 1, {}, [&](Party& p, Forward& f) {
                  generate(p, f, *make_sequential(), model.config(), prompt_of(48), {});
                });
              }),
              HasSubstr("prompt of 48 tokens: the model's context is 48"));
}

TEST(Server, refuses_another_geometry_and_says_what_differs) {
  ModelConfig a, b;
  a.width = 32;
  b.width = 64;
  EXPECT_THAT(tests::error_of([&] {
                check_hello(hello(a, {1, 3}, lossless_codec()), b, {1, 3});
              }),
              HasSubstr("width is 32 at the client, 64 at the server"));
  EXPECT_THAT(tests::error_of([&] {
                check_hello(hello(a, {1, 3}, lossless_codec()), a, {2, 3});
              }),
              HasSubstr("expects layers [1,3], the server holds [2,3]"));
  ModelConfig biased = a;
  biased.traits.qkv_bias = true;
  EXPECT_THAT(tests::error_of([&] {
                check_hello(hello(a, {1, 3}, lossless_codec()), biased, {1, 3});
              }),
              HasSubstr("qkv_bias is null at the client, true at the server"));
  EXPECT_THAT(tests::error_of([&] {
                check_hello(hello(biased, {1, 3}, lossless_codec()), a, {1, 3});
              }),
              HasSubstr("qkv_bias is true at the client, null at the server"));
}

TEST(Server, answers_nonsense_with_one_clear_error_that_reaches_the_client) {
  RandomModel model;
  const auto refused = [&](const std::function<void(Message&)>& spoil) {
    return tests::error_of([&] {
      tests::split(model, 1, 1, {}, [&](Party& p, Forward&) {
        Message m;
        m.header.rows = 1;
        m.header.width = 32;
        m.payload.resize(128);
        spoil(m);
        p.send(1, m);
        p.recv(1);
        expect(p.recv(1).message, Kind::reply);
      });
    });
  };
  EXPECT_THAT(refused([](Message& m) { m.header.context = 5; }),
              HasSubstr("the client has 5 tokens, the server 0"));
  EXPECT_THAT(refused([](Message& m) { m.header.width = 16; }), HasSubstr("expected width 32"));
  EXPECT_THAT(refused([](Message& m) { m.header.keep = {0}; }), HasSubstr("does not continue a path"));
  EXPECT_THAT(refused([](Message& m) { m.header.parent = {0}; }), HasSubstr("not an earlier row"));
  EXPECT_THAT(refused([](Message& m) { m.header.rows = 3000; }),
              HasSubstr("a step of 3000 rows: expected 1 to 2048"));
}

}  // namespace
}  // namespace splitwan::engine
