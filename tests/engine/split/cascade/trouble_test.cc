// A node that dies, is silent or lies ends the run everywhere, with a line that says who and what.
#include <gmock/gmock.h>

#include "engine/split/hello.hh"
#include "tests/fixtures/cascade_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::prompt_of;
using tests::RandomModel;

const CascadeTerms three{{{3, 1, false}, PartialForm::meu}, &lossless_codec(), {}};

// What the run throws where one node is another.
std::string trouble(RandomModel& model, PartyId who, const tests::OddNode& odd) {
  return tests::error_of([&] {
    tests::cascade(model, 0, 0, three,
                   [&](Party& p, Forward& f) {
                     p.begin_step(1, 0);
                     f.prefill(prompt_of(20));
                   },
                   {.patience = std::chrono::seconds(5)}, {{who, odd}});
  });
}

// AttnNode (0, 1) as it should be but for one answer.
tests::OddNode attn_that(RandomModel& model, const std::function<void(Message&)>& change) {
  return [&model, change](Party& party) {
    // Reads what it is sent, and answers with rows of the right shape that `change` spoils.
    int asked = 0;
    while (true) {
      const Arrival arrival = party.recv(any_party);
      const Header& h = arrival.message.header;
      if (h.kind == Kind::error) throw Error("ends: {}", text_of(arrival.message));
      if (h.kind != Kind::request || arrival.from != three.sharding.comp(0)) continue;
      const int width = model.config().q_width() + 2 * model.config().heads;
      const auto rows = h.rows - (asked == 0 ? 1 : 0);  // the first token sees no key of shard 1
      Message m = encode(at::ones({static_cast<std::int64_t>(rows), width}), lossless_codec());
      m.header.kind = Kind::reply;
      m.header.step = h.step;
      m.header.context = h.context;
      m.header.layer = h.layer;
      change(m);
      if (m.header.held == Nanos{})
        party.reply(arrival, std::move(m));
      else
        party.send(arrival.from, std::move(m));  // as long as it says
      ++asked;
    }
  };
}

TEST(CascadeTrouble, a_lying_node_is_named_with_what_it_said) {
  RandomModel model;
  const PartyId liar = three.sharding.attn(0, 1);
  const auto says = [&](const std::function<void(Message&)>& change) {
    return trouble(model, liar, attn_that(model, change));
  };
  EXPECT_THAT(says([](Message& m) {
                const float bad = std::numeric_limits<float>::quiet_NaN();
                std::memcpy(m.payload.data() + 8, &bad, sizeof bad);
              }),
              HasSubstr("attn:0,1: row 0 has nan in it: expected finite numbers"));
  EXPECT_THAT(says([](Message& m) { m.header.step = 9; }),
              HasSubstr("attn:0,1: 6 rows of layer 0 of step 9"));
  EXPECT_THAT(says([](Message& m) { m.header.layer = 2; }), HasSubstr("expected 6 of layer 0 of step 1"));
  EXPECT_THAT(says([](Message& m) {
                m.header.rows -= 1;
                m.payload.resize(m.payload.size() / 6 * 5);
              }),
              HasSubstr("attn:0,1: 5 rows of layer 0"));
  EXPECT_THAT(says([](Message& m) { m.header.width += 1; }), HasSubstr("attn:0,1: activation of 6 rows x"));
  EXPECT_THAT(says([](Message& m) {
                m.header.keep = {1, 2};
              }),
              HasSubstr("attn:0,1 listed 2 and 0 rows in its answer to step 1: expected 0 and 0"));
  EXPECT_THAT(says([](Message& m) { m.header.held = std::chrono::hours(1); }),
              HasSubstr("attn:0,1 says that it held step 1 for 3600000000000 ns: expected 0 to "));
  EXPECT_THAT(says([](Message& m) { m = error_message("out of memory"); }),
              HasSubstr("attn:0,1: out of memory"));
}

TEST(CascadeTrouble, a_silent_node_is_named_after_the_time_it_was_given) {
  RandomModel model;
  for (const auto& [who, name] :
       {std::pair{three.sharding.attn(0, 1), "comp:0: no keys of layer 1 of step 1 within 1.25 s"},
        {three.sharding.comp(2), "comp:2: no keys of layer 0 of step 1 within 1.25 s"}}) {
    const std::string said = trouble(model, who, [](Party& party) {
      while (party.recv(any_party).message.header.kind != Kind::error) {
      }
    });
    EXPECT_THAT(said, HasSubstr(name));
  }
}

TEST(CascadeTrouble, a_node_that_dies_ends_the_run) {
  RandomModel model;
  for (const PartyId who : {three.sharding.attn(2, 0), three.sharding.comp(1)}) {
    const std::string said = trouble(model, who, [](Party& party) {
      party.recv(any_party);
      throw Error("killed");
    });
    EXPECT_THAT(said, HasSubstr("killed"));
  }
}

TEST(CascadeTrouble, nodes_of_another_model_or_other_shards_are_refused) {
  RandomModel model;
  tests::TemporaryFolder folder;
  tests::write_random_model(folder.string(), Json{{"intermediate_size", 64}});
  Checkpoint other(folder.string());
  const TokenLayers layers(other, {0, 4});
  CascadeTerms terms = three;
  terms.nodes = {0, 4};
  EXPECT_THAT(trouble(model, three.sharding.comp(1), [&](Party& p) { serve_comp(p, terms, layers); }),
              HasSubstr("the models differ: ffn is 48 at the client, 64 at the server"));
  CascadeTerms coarse = terms;
  coarse.sharding.cluster = 2;
  EXPECT_THAT(
      trouble(model, three.sharding.attn(1, 1), [&](Party& p) { serve_attn(p, coarse, model.config()); }),
      HasSubstr("the shards differ: expected {\"alpha\":3,\"cluster\":2"));
}

// Two clients' sessions never mix: what one's node says is not taken for another's.
TEST(CascadeTrouble, a_node_of_another_session_is_refused) {
  RandomModel model;
  CascadeTerms terms = three;
  terms.nodes = {0, 4};
  const TokenLayers layers(*model.checkpoint, {0, 4});
  const std::string said = trouble(model, three.sharding.comp(1), [&](Party& p) {
    const Json other = {{"cascade", to_json(terms)}, {"session", "another"}};
    p.recv(0);
    for (const PartyId node : {three.sharding.attn(0, 1), three.sharding.attn(1, 0)})
      p.send(node, hello(model.config(), terms.nodes, lossless_codec(), other));
    while (p.recv(any_party).message.header.kind != Kind::error) {
    }
  });
  EXPECT_THAT(said, HasSubstr("another client's session"));
}

}  // namespace
}  // namespace splitwan::engine
