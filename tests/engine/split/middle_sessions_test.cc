// Clients of the middle layers together: each is answered as if it were alone with the server.
#include "engine/split/middle_sessions.hh"

#include <gmock/gmock.h>

#include <random>

#include "engine/split/hello.hh"
#include "tests/fixtures/del_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr, testing::IsEmpty;
using tests::DelFolder, tests::RandomModel;

constexpr LayerRange middle_range{1, 3};

Message request_of(const at::Tensor& rows, const Codec& codec, std::uint32_t context) {
  Message m = encode(rows, codec);
  m.header.kind = Kind::request;
  m.header.context = context;
  return m;
}

// What one client asks: prompts, trees, keeps, over any lossless or lossy wire.
std::vector<Message> talk(int width, unsigned seed, const Codec& codec, int steps = 6) {
  std::mt19937 random(seed);
  std::vector<Message> all;
  std::vector<std::int32_t> keep;
  std::uint32_t context = 0;
  for (int step = 0; step < steps; ++step) {
    const int rows = step == 0 ? 30 : 1 + static_cast<int>(random() % 9);
    RowList parent;
    for (int row = 0; row < rows; ++row)
      parent.push_back(step % 2 == 0 ? row - 1 : static_cast<std::int32_t>(random() % (row + 1)) - 1);
    at::Tensor x = at::empty({rows, width});
    std::normal_distribution<float> normal;
    for (int i = 0; i < rows * width; ++i) x.data_ptr<float>()[i] = normal(random);
    Message m = request_of(x, codec, context + static_cast<std::uint32_t>(keep.size()));
    m.header.step = static_cast<std::uint64_t>(step) + 1;
    m.header.keep = keep;
    if (!is_chain(parent)) m.header.parent = parent;
    context = m.header.context;
    keep = path_to(parent, static_cast<std::int32_t>(random() % static_cast<unsigned>(rows)));
    all.push_back(std::move(m));
  }
  return all;
}

// The answers of a server in virtual time.
std::vector<Message> alone(RandomModel& model, const LayerStack& middle, const Codec& codec,
                           const std::vector<Message>& asked) {
  std::vector<Message> answers;
  MemoryRecorder recorder;
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  network.run({{0,
                [&](Transport& t, Clock& c) {
                  Party party(0, t, c, recorder);
                  party.send(1, hello(model.config(), middle.range(), codec));
                  expect(party.recv(1).message, Kind::welcome);
                  for (const Message& m : asked) {
                    party.send(1, m);
                    answers.push_back(party.recv(1).message);
                    answers.back().header.held = {};
                  }
                  party.send(1, plain(Kind::bye));
                }},
               {1, [&](Transport& t, Clock& c) {
                  Party party(1, t, c, recorder);
                  serve_middle(party, 0, model.config(), middle);
                }}});
  return answers;
}

// A server of several clients, driven by hand.
struct Clients {
  explicit Clients(const LayerStack& middle, RandomModel& model, const DelWeights* del = nullptr)
      : model(model), sessions(model.config(), middle, del), range(middle.range()) {}

  std::unique_ptr<ServedSession> open(const Codec& codec, const Json& more = Json::object()) {
    Json welcome;
    return sessions.open(hello(model.config(), range, codec, more), welcome);
  }
  // To its end, alone.
  Asked ask(ServedSession& session, const Message& m, int rows = prefill_rows) {
    Asked one{&session, &m, rows};
    do {
      sessions.answer(std::span(&one, 1));
      one.request = nullptr;
    } while (one.more);
    return one;
  }
  RandomModel& model;
  MiddleSessions sessions;
  LayerRange range;
};

TEST(MiddleSessions, answer_many_clients_as_each_would_be_alone_in_slices_of_any_size) {
  RandomModel model(Json{{"sliding_window", 20}});
  const LayerStack middle(*model.checkpoint, middle_range);
  std::vector<std::vector<Message>> asked, expected;
  std::vector<const Codec*> wires;
  for (const Codec* codec : codecs()) {
    wires.push_back(codec);
    asked.push_back(talk(model.config().width, static_cast<unsigned>(asked.size()), *codec));
    expected.push_back(alone(model, middle, *codec, asked.back()));
  }
  for (const int slice : {1, 3, 128}) {
    Clients server(middle, model);
    std::vector<std::unique_ptr<ServedSession>> sessions;
    for (const Codec* codec : wires) sessions.push_back(server.open(*codec));
    std::vector<std::size_t> next(asked.size());
    std::vector<bool> more(asked.size());
    std::mt19937 random(5);
    std::uint32_t calls_of_several = 0;
    while (true) {
      std::vector<Asked> call;
      std::vector<std::size_t> who;
      for (std::size_t i = 0; i < asked.size(); ++i) {
        if (next[i] == asked[i].size() || random() % 4 == 0) continue;
        call.push_back({sessions[i].get(), more[i] ? nullptr : &asked[i][next[i]], slice});
        who.push_back(i);
      }
      if (call.empty() && std::ranges::all_of(next, [&](auto n) { return n == asked[0].size(); })) break;
      const ServedPhases spent = server.sessions.answer(call);
      EXPECT_LE(spent.rows, static_cast<std::uint32_t>(slice) * call.size());
      calls_of_several += call.size() > 1;
      for (std::size_t j = 0; j < call.size(); ++j) {
        const std::size_t i = who[j];
        ASSERT_EQ(call[j].refusal, "");
        more[i] = call[j].more;
        if (more[i]) continue;
        ASSERT_TRUE(call[j].reply);
        ASSERT_EQ(encode(*call[j].reply), encode(expected[i][next[i]]))
            << wires[i]->name() << ", step " << next[i] << ", slices of " << slice;
        ++next[i];
      }
    }
    EXPECT_GT(calls_of_several, 5u);
  }
}

TEST(MiddleSessions, refuse_one_and_leave_the_others_as_they_would_have_been) {
  RandomModel model;
  const LayerStack middle(*model.checkpoint, middle_range);
  const auto asked = talk(model.config().width, 1, lossless_codec());
  const auto expected = alone(model, middle, lossless_codec(), asked);
  const std::vector<std::pair<std::function<void(Message&)>, const char*>> spoilers = {
      {[](Message& m) { m.header.context += 5; }, "out of step"},
      {[](Message& m) { m.header.width = 16; }, "expected width 32"},
      {[](Message& m) { m.header.keep.push_back(900); }, "does not continue a path"},
      {[](Message& m) { m.header.parent.assign(m.header.rows, 3); }, "not an earlier row"},
      {[](Message& m) { m.header.rows = 3000; }, "a step of 3000 rows: expected 1 to 2048"},
      {[](Message& m) { m.header.dtype = 99; }, "99"},
      {[](Message& m) { m.header.kind = Kind::reply; }, "peer sent 'reply' where 'request' was expected"},
      {[](Message& m) { m.payload.pop_back(); }, "bytes"}};
  for (const auto& [spoil, words] : spoilers) {
    Clients server(middle, model);
    const auto good = server.open(lossless_codec()), bad = server.open(lossless_codec());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      Message wrong = asked[i];
      if (i == 2) spoil(wrong);
      std::vector<Asked> call = {{bad.get(), &wrong}, {good.get(), &asked[i]}};
      if (i > 2) call.erase(call.begin());
      server.sessions.answer(call);
      ASSERT_EQ(encode(*call.back().reply), encode(expected[i]));
      if (i != 2) continue;
      EXPECT_THAT(call[0].refusal, HasSubstr(words));
      EXPECT_FALSE(call[0].reply || call[0].more);
    }
  }
}

TEST(MiddleSessions, fill_a_cache_from_feeds_to_the_bits_of_the_one_that_was_lost) {
  RandomModel model(Json{{"sliding_window", 20}});
  const LayerStack middle(*model.checkpoint, middle_range);
  const int width = model.config().width;
  const auto asked = talk(width, 4, lossless_codec(), 8);
  const auto expected = alone(model, middle, lossless_codec(), asked);
  Clients server(middle, model);
  std::vector<Bytes> committed;  // of each row
  for (std::size_t i = 0; i + 1 < asked.size(); ++i) {
    const std::size_t row = lossless_codec().row_bytes(static_cast<std::uint64_t>(width));
    for (const std::int32_t kept : asked[i + 1].header.keep) {
      const auto at = asked[i].payload.begin() + static_cast<std::ptrdiff_t>(row) * kept;
      committed.emplace_back(at, at + static_cast<std::ptrdiff_t>(row));
    }
    const auto cold = server.open(lossless_codec());
    for (std::size_t at = 0; at < committed.size();) {
      const std::size_t count = std::min<std::size_t>(7, committed.size() - at);
      Message feed;
      feed.header.kind = Kind::feed;
      feed.header.dtype = asked[i].header.dtype;
      feed.header.rows = static_cast<std::uint32_t>(count);
      feed.header.width = asked[i].header.width;
      feed.header.context = static_cast<std::uint32_t>(at);
      for (std::size_t r = 0; r < count; ++r)
        feed.payload.insert(feed.payload.end(), committed[at + r].begin(), committed[at + r].end());
      const Asked fed = server.ask(*cold, feed, 3);
      ASSERT_EQ(fed.refusal, "");
      ASSERT_FALSE(fed.reply);
      at += count;
    }
    Message next = asked[i + 1];
    std::ranges::fill(next.header.keep, no_row);
    const Asked answered = server.ask(*cold, next);
    ASSERT_EQ(answered.refusal, "");
    ASSERT_EQ(encode(*answered.reply), encode(expected[i + 1]));
  }
  const auto cold = server.open(lossless_codec());
  Message branches = asked[1];
  branches.header.kind = Kind::feed;
  branches.header.context = 0;
  branches.header.keep = {};
  branches.header.parent.assign(branches.header.rows, -1);
  EXPECT_THAT(server.ask(*cold, branches).refusal, HasSubstr("a feed with branches"));
}

TEST(MiddleSessions, feed_and_slice_a_prompt_behind_its_soft_prompt) {
  RandomModel model;
  DelFolder del(32, 32, 1);
  del.add_soft_prompt(del.spec(60, 4), "clean", 5);
  const LayerStack middle(*model.checkpoint, middle_range);
  const Mechanism mechanism = del.mechanism(60, 4, "clean");
  std::vector<Releases::RowId> names;
  for (Token id = 0; id < 21; ++id) names.push_back(Releases::child(names.empty() ? 0 : names.back(), id));
  const at::Tensor x = at::randn({21, 32});
  const auto part = [&](std::size_t from, std::size_t count, Kind kind) {
    Message m = encode(x.narrow(0, static_cast<std::int64_t>(from), static_cast<std::int64_t>(count)),
                       *mechanism.releases, std::span(names).subspan(from, count));
    m.header.kind = kind;
    m.header.context = static_cast<std::uint32_t>(from);
    return m;
  };
  Clients server(middle, model, &del.weights);
  const Json terms{{"mechanism", to_json(mechanism.terms)}};
  const auto warm = server.open(lossless_codec(), terms), cold = server.open(lossless_codec(), terms),
             sliced = server.open(lossless_codec(), terms);
  const Message first = part(0, 20, Kind::request), next = part(20, 1, Kind::request);
  const Message at_once = *server.ask(*warm, first).reply;
  EXPECT_EQ(encode(*server.ask(*sliced, first, 3).reply), encode(at_once));
  for (std::size_t at = 0; at < 20; at += 10)
    ASSERT_EQ(server.ask(*cold, part(at, 10, Kind::feed), 4).refusal, "");
  const Message expected = *server.ask(*warm, next).reply;
  EXPECT_EQ(encode(*server.ask(*cold, next).reply), encode(expected));
  EXPECT_EQ(encode(*server.ask(*sliced, next).reply), encode(expected));
}

TEST(MiddleSessions, say_what_memory_a_session_holds_and_give_it_back) {
  RandomModel model(Json{{"max_position_embeddings", 4096}});
  const LayerStack middle(*model.checkpoint, middle_range);
  Clients server(middle, model);
  const auto session = server.open(lossless_codec());
  EXPECT_EQ(session->bytes(), 0u);
  const int width = model.config().width;
  const auto wide = static_cast<std::uint32_t>(widest_tree);
  Message m = request_of(at::randn({widest_tree, width}), lossless_codec(), 0);
  m.header.parent.assign(wide, -1);
  Asked one{session.get(), &m, 100};
  server.sessions.answer(std::span(&one, 1));
  EXPECT_TRUE(one.more);
  const auto cache = [&](int rows) {  // two layers; 256 rows of two heads, keys and values, f32
    return 2ull * static_cast<std::uint64_t>(rows) / 256 * 8 * 4096;
  };
  const std::uint64_t in_flight = 2ull * wide * static_cast<std::uint64_t>(width) * 4;  // rows in, rows out
  EXPECT_EQ(session->bytes(), cache(widest_tree) + in_flight);
  one.request = nullptr;
  while (one.more) server.sessions.answer(std::span(&one, 1));
  EXPECT_EQ(session->bytes(), cache(widest_tree));
  Message next = request_of(at::randn({1, width}), lossless_codec(), 1);
  next.header.keep = {9};
  ASSERT_EQ(server.ask(*session, next).refusal, "");
  EXPECT_EQ(session->bytes(), cache(512));
}

TEST(MiddleSessions, take_what_a_client_may_send_and_no_more_whatever_the_context) {
  RandomModel model(Json{{"max_position_embeddings", 100'000}});
  const LayerStack middle(*model.checkpoint, middle_range);
  Clients server(middle, model);
  const Limits limits = server.sessions.limits();
  EXPECT_EQ(limits.rows, 2048u);
  EXPECT_EQ(limits.payload, 2048u * 32 * 4);
  EXPECT_EQ(limits.first_payload, 65536u);
  const auto session = server.open(lossless_codec());
  const Message m = request_of(at::randn({2049, 32}), lossless_codec(), 0);
  EXPECT_THAT(server.ask(*session, m).refusal, HasSubstr("a step of 2049 rows: expected 1 to 2048"));
}

}  // namespace
}  // namespace splitwan::engine
