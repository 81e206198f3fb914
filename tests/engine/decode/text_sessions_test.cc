// A whole model that writes for several clients: token by token, each text as if it were the only one.
#include "engine/decode/text_sessions.hh"

#include <gmock/gmock.h>

#include "engine/decode/remote_text.hh"
#include "engine/decode/text_order.hh"
#include "engine/split/hello.hh"
#include "tests/fixtures/del_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::DelFolder, tests::RandomModel;

// One client: what it sends, and what has come back.
struct Reader {
  Message greeting;
  std::vector<Message> prompt;
  std::unique_ptr<ServedSession> session;
  std::size_t sent = 0;
  bool more = false;
  std::vector<Token> text;
  std::string goodbye;
};

Reader reader(RandomModel& model, const Mechanism& mechanism, int tokens, const GenerateOptions& wanted,
              Token shift = 0) {
  Reader r;
  const TextOrder order{mechanism.terms, tokens, wanted.max_new_tokens, wanted.stop_at_eos, wanted.sampling};
  r.greeting = hello(model.config(), {0, model.config().layers}, lossless_codec(), to_json(order));
  std::vector<Token> ids = tests::prompt_of(tokens);
  for (Token& id : ids) id = (id + shift) % 90;
  std::vector<Releases::RowId> names;
  for (const Token id : ids) names.push_back(Releases::child(names.empty() ? 0 : names.back(), id));
  for (std::size_t at = 0; at < ids.size(); at += 16) {
    const std::size_t count = std::min<std::size_t>(16, ids.size() - at);
    Message m = encode(model.whole->embed(std::span(ids).subspan(at, count)), *mechanism.releases,
                       std::span(names).subspan(at, count));
    m.header.kind = Kind::request;
    m.header.step = 1;
    m.header.context = static_cast<std::uint32_t>(at);
    r.prompt.push_back(std::move(m));
  }
  return r;
}

// The same messages to a server in virtual time.
void read_alone(RandomModel& model, const DelFolder& del, Reader& r) {
  MemoryRecorder recorder;
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  network.run({{0,
                [&](Transport& t, Clock& c) {
                  Party party(0, t, c, recorder);
                  party.send(1, r.greeting);
                  for (const Message& m : r.prompt) party.send(1, m);
                  expect(party.recv(1).message, Kind::welcome);
                  while (true) {
                    const Message m = party.recv(1).message;
                    if (m.header.kind == Kind::bye) {
                      r.goodbye = text_of(m);
                      break;
                    }
                    r.text.push_back(m.header.keep.at(0));
                  }
                  party.send(1, plain(Kind::bye));
                }},
               {1, [&](Transport& t, Clock& c) {
                  Party party(1, t, c, recorder);
                  serve_text(party, 0, *model.whole, {.del = &del.weights});
                }}});
}

TEST(TextSessions, write_for_many_a_token_at_a_time_what_each_would_get_alone) {
  RandomModel model;
  DelFolder del(32, 32, 0);
  del.add_soft_prompt(del.spec(60, 4), "clean", 5);
  std::vector<Reader> together, alone;
  for (int i = 0; i < 6; ++i) {
    GenerateOptions wanted{5 + 3 * i, false};
    wanted.sampling.temperature = i % 2 == 0 ? 0 : 0.9;
    wanted.sampling.seed = static_cast<std::uint64_t>(i);
    const Mechanism mechanism = del.mechanism(60, 4, i % 3 == 0 ? "none" : "clean");
    for (auto* into : {&together, &alone})
      into->push_back(reader(model, mechanism, 20 + 9 * i, wanted, static_cast<Token>(i)));
    read_alone(model, del, alone.back());
  }
  const TextSessions server(*model.whole, del.weights);
  for (Reader& r : together) {
    Json welcome;
    r.session = server.open(r.greeting, welcome);
  }
  int calls = 0;
  while (std::ranges::any_of(together, [](const Reader& r) { return r.goodbye.empty(); })) {
    ++calls;
    std::vector<Asked> call;
    std::vector<Reader*> whose;
    for (Reader& r : together) {
      if (!r.goodbye.empty()) continue;
      call.push_back({r.session.get(), r.more ? nullptr : &r.prompt.at(r.sent++), 5});
      whose.push_back(&r);
    }
    server.answer(call);
    for (std::size_t i = 0; i < call.size(); ++i) {
      ASSERT_EQ(call[i].refusal, "");
      whose[i]->more = call[i].more;
      if (!call[i].reply) continue;
      const Message& m = *call[i].reply;
      if (m.header.kind == Kind::bye)
        whose[i]->goodbye = text_of(m);
      else
        whose[i]->text.push_back(m.header.keep.at(0));
    }
  }
  for (std::size_t i = 0; i < together.size(); ++i) {
    EXPECT_EQ(together[i].text, alone[i].text) << i;
    EXPECT_EQ(together[i].text.size(), 5 + 3 * i);
    EXPECT_EQ(together[i].goodbye, "length");
  }
  EXPECT_LT(calls, 60);  // the longest prompt and the longest text, not the sum of all
}

TEST(TextSessions, refuse_what_is_no_prompt_and_let_others_write_on) {
  RandomModel model;
  const DelFolder del(32, 32, 0);
  const TextSessions server(*model.whole, del.weights);
  Reader good = reader(model, del.mechanism(60, 4), 10, {4, false}),
         bad = reader(model, del.mechanism(60, 4), 10, {4, false});
  Json welcome;
  good.session = server.open(good.greeting, welcome);
  bad.session = server.open(bad.greeting, welcome);
  bad.prompt[0].header.context = 3;
  std::vector<Asked> call = {{bad.session.get(), &bad.prompt[0]}, {good.session.get(), &good.prompt[0]}};
  server.answer(call);
  EXPECT_THAT(call[0].refusal, HasSubstr("10 rows of a prompt after 3: expected at most 10 after 0"));
  EXPECT_TRUE(call[1].reply && call[1].more);
  Asked again{good.session.get(), &good.prompt[0]};
  server.answer(std::span(&again, 1));
  EXPECT_THAT(again.refusal, HasSubstr("the text is being written"));
  EXPECT_THAT(tests::error_of([&] {
                server.open(hello(model.config(), {0, 4}, lossless_codec()), welcome);
              }),
              HasSubstr("the client asks for layers"));
}

}  // namespace
}  // namespace splitwan::engine
