#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "netsim/link/ideal_simulator.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/time/conductor.hh"
#include "tests/fixtures/attacks/attacked_model.hh"

namespace splitwan::tests {
namespace {

using namespace engine;

// The server's transport, with somebody who listens.
class Tapped : public Transport {
 public:
  explicit Tapped(Transport& inner) : inner_(inner) {}
  void send(PartyId to, Message m) override {
    if (m.header.kind == Kind::reply) sent.push_back(m);
    inner_.send(to, std::move(m));
  }
  std::uint64_t wire_bytes(const Message& m) const override { return inner_.wire_bytes(m); }
  std::optional<Arrival> recv(PartyId from, Nanos deadline) override {
    auto arrival = inner_.recv(from, deadline);
    if (arrival && arrival->message.header.kind == Kind::request) came.push_back(arrival->message);
    return arrival;
  }
  std::vector<Message> came, sent;

 private:
  Transport& inner_;
};

struct Session {
  std::vector<Message> came, sent;
  std::vector<Token> output;
};

Session real_session(const std::string& folder, int depth, const Codec& wire, std::span<const Token> prompt,
                     int new_tokens) {
  Checkpoint checkpoint(folder);
  const auto plan = SplitPlan::of(checkpoint.config().layers, depth, depth);
  const ModelEnds ends(checkpoint, plan.head, plan.tail);
  const LayerStack middle(checkpoint, plan.middle);
  Session session;
  MemoryRecorder client, server;
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  network.run({{0,
                [&](Transport& t, Clock& c) {
                  Party party(0, t, c, client);
                  const auto forward = make_split(party, 1, ends, {.wire = &wire});
                  GenerateOptions options;
                  options.max_new_tokens = new_tokens;
                  options.stop_at_eos = false;
                  const auto drafter = make_drafter("ngram", {});
                  session.output = generate(party, *forward, *drafter, ends.config(), prompt, options).output;
                  forward->close();
                }},
               {1, [&](Transport& t, Clock& c) {
                  Tapped tap(t);
                  Party party(1, tap, c, server);
                  serve_middle(party, 0, checkpoint.config(), middle);
                  session.came = tap.came, session.sent = tap.sent;
                }}});
  return session;
}

// Rows of each step but the last that the next request keeps, and those that it does not.
std::pair<at::Tensor, at::Tensor> sorted_out(const std::vector<Message>& came, const std::vector<Message>& of,
                                             int width) {
  std::vector<at::Tensor> kept, rest;
  for (std::size_t step = 0; step + 1 < came.size(); ++step) {
    const at::Tensor rows = decode(of[step], width);
    const auto& keep = came[step + 1].header.keep;
    for (std::int32_t row = 0; row < rows.size(0); ++row)
      (std::ranges::count(keep, row) ? kept : rest).push_back(rows[row]);
  }
  return {at::stack(kept), at::stack(rest)};
}

class Collected : public testing::TestWithParam<std::tuple<int, const char*>> {};

TEST_P(Collected, rows_are_bit_for_bit_those_that_a_real_server_meets) {
  const auto [depth, name] = GetParam();
  const Codec& wire = codec_named(name);
  const AttackedModel model;
  const Session session = real_session(model.folder.string(), depth, wire, some_prompt, 40);
  const attacks::Document document =
      attacks::decode(*model.pieces, {depth, {&wire, {}}}, prompt_of(some_prompt), 40);
  const std::vector<Token> output(document.next.begin() + static_cast<int>(some_prompt.size()) - 1,
                                  document.next.end());
  EXPECT_EQ(output, session.output);

  const auto [kept_in, rest_in] = sorted_out(session.came, session.came, 32);
  const auto [kept_out, rest_out] = sorted_out(session.came, session.sent, 32);
  ASSERT_GT(rest_in.size(0), 0) << "no guess was wrong: nothing tested";
  ASSERT_GT(kept_in.size(0), static_cast<std::int64_t>(some_prompt.size()));
  const auto first = [](const at::Tensor& t, const at::Tensor& like) { return t.narrow(0, 0, like.size(0)); };
  EXPECT_TRUE(at::equal(first(document.input, kept_in), kept_in));
  EXPECT_TRUE(at::equal(first(document.rejected_input, rest_in), rest_in));
  // The server's own result; on its way back the wire rounds it.
  EXPECT_TRUE(at::equal(first(attacks::round_trip(document.output, wire), kept_out), kept_out));
  EXPECT_TRUE(at::equal(first(attacks::round_trip(document.rejected_output, wire), rest_out), rest_out));
}

INSTANTIATE_TEST_SUITE_P(DepthsAndWires, Collected,
                         testing::Combine(testing::Values(0, 1),
                                          testing::Values("f32", "f16", "int8", "int4")));

TEST(AttackCollector, training_rows_are_those_of_decoding_the_same_text) {
  const AttackedModel model;
  const attacks::Split split{1, {&codec_named("f16"), {}}};
  const attacks::Document document = attacks::decode(*model.pieces, split, prompt_of(some_prompt), 20);
  const std::vector<attacks::Text> text{{document.ids, {}}};
  const auto [input, output] = attacks::seen(*model.pieces, split, text);
  EXPECT_TRUE(at::equal(input, document.input));
  EXPECT_TRUE(at::equal(output, document.output));
}

TEST(AttackCollector, states_at_every_layer_are_those_of_the_undefended_split) {
  const AttackedModel model;
  const std::vector<attacks::Text> text{{some_prompt, {}}, {{1, 4, 4, 70}, {}}};
  const std::vector<int> layers = {0, 1, 3, 4};
  const auto all = attacks::states(*model.pieces, text, layers);
  for (const int depth : {0, 1}) {
    const auto [in, out] = attacks::seen(*model.pieces, {depth, {}}, text);
    EXPECT_TRUE(at::equal(in, all[static_cast<std::size_t>(depth)]));
    EXPECT_TRUE(at::equal(out, all[static_cast<std::size_t>(3 - depth)]));
  }
}

TEST(AttackCollector, sampled_text_depends_on_its_seed_and_place_only) {
  const AttackedModel model;
  const auto whole = attacks::sample_texts(*model.pieces, 0, 20, 12, 5);
  const auto part = attacks::sample_texts(*model.pieces, 16, 4, 12, 5);
  const auto other = attacks::sample_texts(*model.pieces, 0, 20, 12, 6);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(whole[16 + i].ids, part[i].ids);
  EXPECT_NE(whole[0].ids, other[0].ids);
  attacks::Text again{whole[3].ids, {}};
  attacks::add_greedy(*model.pieces, again);
  EXPECT_EQ(again.greedy, whole[3].greedy);  // branches give the bits of a chain
}

TEST(AttackCollector, noise_is_the_engines_own_on_the_way_in_only) {
  const AttackedModel model;
  const std::vector<attacks::Text> text{{some_prompt, {}}};
  const Defences noise = read_defences({{"noise", 0.5}});
  const auto [clean, clean_out] = attacks::seen(*model.pieces, {0, {}}, text);
  const auto [noisy, out] = attacks::seen(*model.pieces, {0, {&lossless_codec(), noise, 7}}, text);
  EXPECT_TRUE(at::equal(noisy, defended(clean, noise, 7)));
  EXPECT_FALSE(at::equal(noisy, clean));
  EXPECT_FALSE(at::equal(out, clean_out));
}

}  // namespace
}  // namespace splitwan::tests
