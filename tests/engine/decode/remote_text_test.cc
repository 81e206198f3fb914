// DEL as published: the server generates from a prompt that came through the mechanism.
#include "engine/decode/remote_text.hh"

#include <gmock/gmock.h>

#include "engine/drafters/named.hh"
#include "engine/split/hello.hh"
#include "tests/fixtures/del_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::DelFolder, tests::RandomModel, tests::prompt_of, tests::error_of;

struct Asked {
  Generation done;
  MemoryRecorder client;
};

Asked ask(RandomModel& model, const DelFolder& del, const Mechanism& mechanism, const GenerateOptions& wanted,
          int prompt = 40) {
  Asked asked;
  const int layers = model.config().layers;
  const ModelEnds embedding(*model.checkpoint, {0, 0}, {layers, layers});
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  MemoryRecorder theirs;
  SplitOptions options{.prefill_chunk = 16};
  options.mechanism = mechanism;
  network.run({{0,
                [&](Transport& t, Clock& c) {
                  Party party(0, t, c, asked.client);
                  asked.done = ask_text(party, 1, embedding, options, prompt_of(prompt), wanted);
                }},
               {1, [&](Transport& t, Clock& c) {
                  Party party(1, t, c, theirs);
                  serve_text(party, 0, *model.whole, {.del = &del.weights});
                }}});
  return asked;
}

// The same prompt's rows in a split session, whose generated rows go as they are.
Generation split_apart(RandomModel& model, const DelFolder& del, Mechanism mechanism,
                       const GenerateOptions& wanted) {
  Generation done;
  mechanism.generated = false;
  SplitOptions options;
  options.mechanism = mechanism;
  tests::split(model, 0, 0, options,
               [&](Party& p, Forward& f) {
                 done =
                     generate(p, f, *make_drafter("sequential", {}), model.config(), prompt_of(40), wanted);
               },
               {.del = &del.weights});
  return done;
}

TEST(RemoteText, is_the_text_that_a_split_session_decodes_from_the_same_rows) {
  RandomModel model;
  DelFolder del(32, 32, 0);
  del.add_soft_prompt(del.spec(60, 4), "clean", 5);
  for (const double temperature : {0.0, 0.8}) {
    for (const std::string kind : {"none", "clean"}) {
      GenerateOptions wanted{30, false};
      wanted.sampling.temperature = temperature;
      const auto found = ask(model, del, del.mechanism(60, 4, kind), wanted).done;
      EXPECT_EQ(found.output, split_apart(model, del, del.mechanism(60, 4, kind), wanted).output) << kind;
      EXPECT_EQ(found.finish, "length");
      EXPECT_EQ(found.steps, 30u);
    }
  }
}

TEST(RemoteText, comes_a_token_a_message_after_one_round_trip) {
  RandomModel model;
  const DelFolder del(32, 8, 0);
  const auto asked = ask(model, del, del.mechanism(20, 4), {5, false});
  std::vector<std::uint64_t> up, down;
  for (const Span& s : asked.client.run.spans) {
    if (s.op == Op::send) up.push_back(s.bytes);
    if (s.op == Op::recv) down.push_back(s.bytes);
  }
  ASSERT_EQ(up.size(), 5u);  // hello, three chunks, bye
  EXPECT_EQ(up[1], 64 + 16 * 4u);
  EXPECT_EQ(up[3], 64 + 8 * 4u);
  ASSERT_EQ(down.size(), 7u);  // welcome, five tokens, goodbye
  EXPECT_EQ(down[1], 68u);
  EXPECT_GE(asked.done.prefill, std::chrono::milliseconds(80));
  EXPECT_LT(asked.done.total, std::chrono::milliseconds(160));
}

TEST(RemoteText, ends_where_the_client_says_so_and_where_the_context_does) {
  RandomModel model;
  const DelFolder del(32, 32, 0);
  GenerateOptions wanted{30, false};
  int seen = 0;
  wanted.stop = [&](Token) { return ++seen == 3; };
  const auto stopped = ask(model, del, del.mechanism(60, 4), wanted).done;
  EXPECT_EQ(stopped.finish, "stop");
  EXPECT_EQ(stopped.output.size(), 3u);
  RandomModel small(Json{{"max_position_embeddings", 48}});
  EXPECT_EQ(ask(small, del, del.mechanism(60, 4), {30, false}).done.finish, "context");
  EXPECT_THAT(error_of([&] {
                ask(small, del, del.mechanism(60, 4), {30, false}, 48);
              }),
              HasSubstr("the model's context is 48"));
}

TEST(RemoteText, puts_the_soft_prompt_first_and_counts_it_in_the_context) {
  RandomModel model(Json{{"max_position_embeddings", 48}});
  DelFolder del(32, 32, 0);
  del.add_soft_prompt(del.spec(60, 4), "clean", 8);
  EXPECT_THAT(error_of([&] {
                ask(model, del, del.mechanism(60, 4, "clean"), {3, false});
              }),
              HasSubstr("a prompt of 40 rows and a soft prompt of 8: the model's context is 48"));
  EXPECT_NE(ask(model, del, del.mechanism(60, 4, "clean"), {8, false}, 20).done.output,
            ask(model, del, del.mechanism(60, 4), {8, false}, 20).done.output);
}

TEST(RemoteText, is_not_served_to_who_asks_for_layers) {
  RandomModel model;
  const DelFolder del(32, 32, 0);
  tests::Recorded recorded;
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  EXPECT_THAT(error_of([&] {
                network.run({{0,
                              [&](Transport& t, Clock& c) {
                                Party party(0, t, c, recorded.client);
                                party.send(1, hello(model.config(), {0, 4}, lossless_codec()));
                                party.recv(1);
                              }},
                             {1, [&](Transport& t, Clock& c) {
                                Party party(1, t, c, recorded.server);
                                serve_text(party, 0, *model.whole, {.del = &del.weights});
                              }}});
              }),
              HasSubstr("the client asks for layers"));
}

}  // namespace
}  // namespace splitwan::engine
