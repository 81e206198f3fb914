// A split whose activations are rounded on the wire.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "engine/split/hello.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::prompt_of;
using tests::RandomModel;

std::vector<Token> decoded(RandomModel& model, const SplitOptions& options,
                           const char* drafter = "sequential") {
  Generation done;
  tests::split(model, 1, 1, options, [&](Party& p, Forward& f) {
    done = generate(p, f, *make_drafter(drafter, {}), model.config(), prompt_of(40), {60, false, {}});
  });
  return done.output;
}

at::Tensor with_noise(const at::Tensor& x, double share, std::uint64_t seed) {
  return defended(x, read_defences({{"noise", share}}), seed);
}

at::Tensor prefilled(RandomModel& model, const SplitOptions& options) {
  at::Tensor logits;
  tests::split(model, 1, 1, options, [&](Party& p, Forward& f) {
    p.begin_step(1, 0);
    logits = f.prefill(prompt_of(30));
  });
  return logits;
}

TEST(WireChoice, coarser_wires_change_the_logits_more_and_int8_little) {
  RandomModel model;
  const at::Tensor exact = prefilled(model, {});
  const auto error = [&](const char* wire) {
    return (prefilled(model, {.wire = &codec_named(wire)}) - exact).norm().item<float>() /
           exact.norm().item<float>();
  };
  EXPECT_EQ(error("f32"), 0.f);
  EXPECT_GT(error("f16"), 0.f);
  EXPECT_LT(error("f16"), error("bf16"));
  EXPECT_LT(error("bf16"), error("int8"));
  EXPECT_LT(error("int8"), 0.05f);
  EXPECT_LT(error("int8"), error("int4"));
  EXPECT_LT(error("int4"), 0.5f);
}

TEST(WireChoice, guessing_changes_nothing_whatever_the_wire) {
  RandomModel model;
  for (const Codec* wire : codecs()) {
    const auto tokens = decoded(model, {.wire = wire});
    EXPECT_EQ(tokens.size(), 60u);
    EXPECT_EQ(decoded(model, {.wire = wire}, "ngram"), tokens) << wire->name();
  }
}

TEST(WireChoice, messages_have_the_bytes_that_were_promised) {
  RandomModel model(Json{{"hidden_size", 24}, {"num_attention_heads", 3}, {"num_key_value_heads", 1}});
  for (const Codec* wire : codecs()) {
    const auto recorded =
        tests::split(model, 1, 1, {.wire = wire, .prefill_chunk = 16}, [&](Party& p, Forward& f) {
          generate(p, f, *make_drafter("ngram", {}), model.config(), prompt_of(40), {20, false, {}});
        });
    std::size_t replies = 0;
    for (const Span& s : recorded.client.run.spans) {
      if (s.op != Op::recv || s.rows == 0) continue;
      ++replies;
      EXPECT_EQ(s.bytes, prefix_size + s.rows * wire->row_bytes(24)) << wire->name();
    }
    EXPECT_GE(replies, 5u);
  }
}

TEST(WireChoice, a_damaged_activation_ends_in_one_clear_error_at_the_client) {
  RandomModel model;
  const auto refused = [&](int wire, std::size_t bytes, float scale) {
    return tests::error_of([&] {
      tests::split(model, 1, 1, {}, [&](Party& p, Forward&) {
        Message m;
        m.header.rows = 1;
        m.header.width = 32;
        m.header.dtype = static_cast<std::uint8_t>(wire);
        m.payload.resize(bytes);
        std::memcpy(m.payload.data(), &scale, sizeof scale);
        p.send(1, m);
        p.recv(1);
        expect(p.recv(1).message, Kind::reply);
      });
    });
  };
  EXPECT_THAT(refused(2, 35, 1), HasSubstr("expected width 32 and 36 bytes of int8"));
  EXPECT_THAT(refused(3, 21, 1), HasSubstr("expected width 32 and 20 bytes of int4"));
  EXPECT_THAT(refused(2, 36, NAN), HasSubstr("row 0 has a scale of nan"));
  EXPECT_THAT(refused(99, 36, 1), HasSubstr("unknown wire type 99"));
}

TEST(Noise, has_the_size_asked_for_and_no_mean) {
  const at::Tensor x = at::arange(1, 40 * 96 + 1, at::kFloat).reshape({40, 96}).sin() * 5;
  const at::Tensor noise = with_noise(x, 0.5, 3) - x;
  const at::Tensor sigma = x.pow(2).mean(1, true).sqrt() * 0.5;
  const at::Tensor z = noise / sigma;  // 3,840 draws: the mean's error is 0.016, the variance's 0.023
  EXPECT_NEAR(z.mean().item<float>(), 0, 0.07);
  EXPECT_NEAR(z.pow(2).mean().item<float>(), 1, 0.1);
  EXPECT_NEAR(z.pow(4).mean().item<float>(), 3, 0.6);  // normal, not uniform (1.8)
}

TEST(Noise, is_a_function_of_seed_and_row) {
  const at::Tensor x = at::arange(1, 3 * 30 + 1, at::kFloat).reshape({3, 30}).sin();
  const at::Tensor once = with_noise(x, 0.1, 3);
  EXPECT_TRUE(at::equal(with_noise(x.narrow(0, 1, 1), 0.1, 3), once.narrow(0, 1, 1)));
  EXPECT_FALSE(at::equal(with_noise(x, 0.1, 4), once));
  EXPECT_FALSE(at::allclose((once - x)[0], (once - x)[1]));
  EXPECT_TRUE(at::equal(with_noise(x, 0, 3), x));
}

TEST(Noise, on_the_wire_changes_the_output_in_a_way_that_repeats_and_that_guessing_does_not_change) {
  RandomModel model;
  const Defences half = read_defences({{"noise", 0.5}});
  const auto tokens = decoded(model, {.defences = half});
  EXPECT_NE(tokens, decoded(model, {}));
  EXPECT_EQ(decoded(model, {.defences = half}), tokens);
  EXPECT_NE(decoded(model, {.defences = half, .seed = 2}), tokens);
  EXPECT_EQ(decoded(model, {.defences = half}, "ngram"), tokens);
}

}  // namespace
}  // namespace splitwan::engine
