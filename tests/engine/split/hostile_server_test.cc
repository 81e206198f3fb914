// A server that answers something else than it was asked for: the session ends with one line that says what.
#include <gmock/gmock.h>

#include <cstring>
#include <limits>

#include "engine/decode/remote_text.hh"
#include "engine/drafters/named.hh"
#include "engine/net/sockets.hh"
#include "engine/split/hello.hh"
#include "tests/fixtures/del_fixture.hh"
#include "tests/fixtures/spoiled_transport.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of, tests::prompt_of, tests::RandomModel, tests::Spoil, tests::SpoiledTransport;

enum class Over { ideal, sockets };

std::unique_ptr<Network> network_over(Over over) {
  if (over == Over::sockets) return std::make_unique<SocketNetwork>();
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  return std::make_unique<netsim::Conductor>(netsim::make_ideal_simulator(spec), spec.edges,
                                             netsim::reference_cost());
}

// What the client says of an honest server all of whose messages go through `spoil`.
std::string met(RandomModel& model, Over over, const Spoil& spoil) {
  const auto plan = SplitPlan::of(model.config().layers, 1, 1);
  const ModelEnds ends(*model.checkpoint, plan.head, plan.tail);
  const LayerStack middle(*model.checkpoint, plan.middle);
  MemoryRecorder recorder, theirs;  // over sockets they run at the same time
  std::string error;
  const PartyMain client = [&](Transport& t, Clock& c) {
    Party party(0, t, c, recorder);
    error = error_of([&] {
      const auto forward = make_split(party, 1, ends, {.prefill_chunk = 16});
      generate(party, *forward, *make_drafter("sequential", {}), model.config(), prompt_of(40), {5, false});
      forward->close();
    });
    if (!error.empty()) throw Error("{}", error);
  };
  const PartyMain server = [&](Transport& t, Clock& c) {
    SpoiledTransport spoiled(t, spoil);
    Party party(1, spoiled, c, theirs);
    serve_middle(party, 0, model.config(), middle);
  };
  error_of([&] { network_over(over)->run({{0, client}, {1, server}}); });
  return error;
}

// Changes the reply to the third step.
Spoil third(const std::function<void(Message&)>& change) {
  return [change](Message& m) {
    if (m.header.kind == Kind::reply && m.header.step == 3) change(m);
    return 1;
  };
}

Spoil third_row_has(float value) {
  return third([value](Message& m) { std::memcpy(m.payload.data() + 20, &value, sizeof value); });
}

class HostileServer : public testing::TestWithParam<Over> {
 protected:
  std::string said(const Spoil& spoil) { return met(model_, GetParam(), spoil); }
  RandomModel model_;
};
INSTANTIATE_TEST_SUITE_P(Networks, HostileServer, testing::Values(Over::ideal, Over::sockets));

TEST_P(HostileServer, that_does_no_wrong_is_believed) {
  EXPECT_EQ(said([](Message&) { return 1; }), "");
}

TEST_P(HostileServer, sends_no_numbers_that_a_layer_cannot_read) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(said(third_row_has(std::nanf(""))),
            "server: step 3: row 0 has nan in it: expected finite numbers");
  EXPECT_EQ(said(third_row_has(infinity)), "server: step 3: row 0 has inf in it: expected finite numbers");
  EXPECT_EQ(said(third_row_has(-infinity)), "server: step 3: row 0 has -inf in it: expected finite numbers");
  EXPECT_EQ(said(third_row_has(3e38F)),
            "server: step 3: row 0 is too large: expected a sum of squares that is finite in f32");
}

TEST_P(HostileServer, answers_in_no_other_wire_type_shape_or_place) {
  EXPECT_THAT(said(third([](Message& m) {
                const at::Tensor row = at::zeros({1, 32});
                const Header was = m.header;
                m = encode(row, codec_named("int4"));
                m.header.kind = was.kind;
                m.header.step = was.step;
                m.header.context = was.context;
                m.header.held = was.held;
              })),
              testing::Eq("server: step 3: activation of wire type 3: expected 0, f32"));
  EXPECT_THAT(said(third([](Message& m) { m.header.width = 33; })),
              HasSubstr("expected width 32 and 128 bytes"));
  EXPECT_THAT(said(third([](Message& m) { m.payload.pop_back(); })),
              HasSubstr("in 127 bytes: expected width 32 and 128"));
  EXPECT_EQ(
      said(third([](Message& m) { m.header.context = 40; })),
      "server answered step 3 with 1 rows after 40 tokens, layer 0: expected step 3 with 1 after 41, 0");
  EXPECT_THAT(said(third([](Message& m) { m.header.step = 2; })),
              HasSubstr("server answered step 2 with 1 rows"));
  EXPECT_THAT(said(third([](Message& m) {
                m.header.rows = 2;
                m.payload.resize(256);
              })),
              HasSubstr("server answered step 3 with 2 rows"));
  EXPECT_THAT(said(third([](Message& m) { m.header.layer = 1; })), HasSubstr("layer 1: expected"));
}

TEST_P(HostileServer, holds_nothing_for_longer_than_it_is_waited_for) {
  for (const Nanos held : {Nanos(-1), Nanos::min(), Nanos::max(), Nanos(std::chrono::hours(1))})
    EXPECT_THAT(
        said(third([held](Message& m) { m.header.held = held; })),
        HasSubstr(fmt::format("server says that it held step 3 for {} ns: expected 0 to ", held.count())));
}

TEST_P(HostileServer, lists_nothing) {
  EXPECT_EQ(said(third([](Message& m) { m.header.keep.resize(60'000); })),
            "server listed 60000 and 0 rows in its answer to step 3: expected 0 and 0");
  EXPECT_EQ(said(third([](Message& m) { m.header.parent = {-1}; })),
            "server listed 0 and 1 rows in its answer to step 3: expected 0 and 0");
}

TEST_P(HostileServer, answers_once) {
  EXPECT_THAT(said([](Message& m) { return m.header.kind == Kind::reply && m.header.step == 3 ? 2 : 1; }),
              HasSubstr("server answered step 3 with 1 rows after 41 tokens, layer 0: expected step 4"));
  EXPECT_EQ(said([](Message& m) { return m.header.kind == Kind::welcome ? 2 : 1; }),
            "peer sent 'welcome' where 'reply' was expected");
  EXPECT_EQ(said([](Message& m) { return m.header.kind == Kind::welcome ? 0 : 1; }),
            "peer sent 'reply' where 'welcome' was expected");
}

TEST_P(HostileServer, welcomes_as_no_step_that_was_held) {
  const auto welcome = [](const std::function<void(Header&)>& change) {
    return [change](Message& m) {
      if (m.header.kind == Kind::welcome) change(m.header);
      return 1;
    };
  };
  EXPECT_THAT(said(welcome([](Header& h) { h.step = 3; })), HasSubstr("server answered step 3 with 0 rows"));
  EXPECT_THAT(said(welcome([](Header& h) { h.held = std::chrono::hours(1); })),
              HasSubstr("server says that it held step 0 for 3600000000000 ns: expected 0 to "));
}

TEST_P(HostileServer, welcomes_with_an_object_of_a_few_words) {
  const auto welcome = [](const std::string& text) {
    return [text](Message& m) {
      if (m.header.kind == Kind::welcome) m = plain(Kind::welcome, text);
      return 1;
    };
  };
  EXPECT_THAT(said(welcome("welcome!")), HasSubstr("malformed welcome of 8 bytes: expected a JSON object"));
  EXPECT_THAT(said(welcome(std::string(9000, '['))), HasSubstr("malformed welcome of 9000 bytes"));
  EXPECT_EQ(said(welcome(R"({"unknown": [1, 2]})")), "");
}

TEST_P(HostileServer, is_quoted_in_few_printable_words) {
  const std::string words =
      said(third([](Message& m) { m = error_message("\x1b[31m" + std::string(60'000, 'x')); }));
  EXPECT_THAT(words, HasSubstr("peer refused:  [31mxxx"));
  EXPECT_LT(words.size(), 600u);
}

TEST(AnswerLimits, are_what_an_answer_may_have) {
  ModelConfig config;
  config.width = 1000;
  config.layers = 4;
  const Limits plain_ones = answer_limits(config, {});
  EXPECT_EQ(plain_ones.rows, 2048u);
  EXPECT_EQ(plain_ones.payload, 2048u * 4000);
  EXPECT_EQ(plain_ones.first_payload, 65536u);
  EXPECT_EQ(plain_ones.listed, 0u);
  EXPECT_EQ(answer_limits(config, {.wire = &codec_named("int8")}).payload,
            2048 * codec_named("int8").row_bytes(1000));
  Message m = plain(Kind::reply);
  m.header.keep = {1};
  EXPECT_THAT(error_of([&] { decode(encode(m), plain_ones); }), HasSubstr("1 kept"));
  EXPECT_EQ(text_limits().listed, 1u);
  EXPECT_EQ(decode(encode(m), text_limits()).header.keep.size(), 1u);
}

// A whole-text session's server, the same way.
std::string text_met(const Spoil& spoil) {
  RandomModel model;
  const tests::DelFolder del(32, 32, 0);
  const int layers = model.config().layers;
  const ModelEnds embedding(*model.checkpoint, {0, 0}, {layers, layers});
  MemoryRecorder recorder, theirs;  // over sockets they run at the same time
  SplitOptions options{.prefill_chunk = 16};
  options.mechanism = del.mechanism(60, 4);
  std::string error;
  const PartyMain client = [&](Transport& t, Clock& c) {
    Party party(0, t, c, recorder);
    error = error_of([&] { ask_text(party, 1, embedding, options, prompt_of(40), {5, false}); });
    if (!error.empty()) throw Error("{}", error);
  };
  const PartyMain server = [&](Transport& t, Clock& c) {
    SpoiledTransport spoiled(t, spoil);
    Party party(1, spoiled, c, theirs);
    serve_text(party, 0, *model.whole, {.del = &del.weights});
  };
  error_of([&] { network_over(Over::ideal)->run({{0, client}, {1, server}}); });
  return error;
}

TEST(HostileWriter, sends_one_token_of_the_vocabulary_at_a_time) {
  EXPECT_EQ(text_met([](Message&) { return 1; }), "");
  EXPECT_EQ(text_met(third([](Message& m) { m.header.keep = {96}; })),
            "server sent token 96: expected one of the vocabulary's 96");
  EXPECT_EQ(text_met(third([](Message& m) { m.header.keep = {-1}; })),
            "server sent token -1: expected one of the vocabulary's 96");
  EXPECT_EQ(text_met(third([](Message& m) {
              m.header.keep = {5, 6};
            })),
            "server listed 2 and 0 rows in its answer to step 3: expected 1 and 0");
  EXPECT_EQ(text_met(third([](Message& m) { m.payload.resize(5); })),
            "server sent 5 bytes beside a token: expected none");
  EXPECT_THAT(text_met(third([](Message& m) { m.header.rows = 7; })),
              HasSubstr("server answered step 3 with 7 rows"));
  EXPECT_THAT(text_met(third([](Message& m) { m.header.step = 9; })), HasSubstr("server answered step 9"));
  EXPECT_THAT(text_met(third([](Message& m) { m.header.held = Nanos::max(); })),
              HasSubstr("server says that it held step 3 for 9223372036854775807 ns"));
}

}  // namespace
}  // namespace splitwan::engine
