// Spot checks: an honest server passes all of them, a lying one is caught as often as is stated.
#include "engine/split/checks.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <set>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "engine/kernels/kernels.hh"
#include "engine/split/boundary_rows.hh"
#include "engine/wire/row_buckets.hh"
#include "tests/fixtures/forward_fixture.hh"
#include "tests/fixtures/lying_server.hh"
#include "tests/fixtures/spoiled_transport.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of, tests::Lie, tests::LyingServer, tests::prompt_of, tests::RandomModel, tests::Recorded;

// A model whose middle layers, one to four of six, the client has as well.
struct Checked {
  Checked()
      : model(Json{{"num_hidden_layers", 6}}),
        ends(*model.checkpoint, plan.head, plan.tail),
        middle(*model.checkpoint, plan.middle),
        server(*model.checkpoint, plan.middle) {
    for (int layer = plan.middle.begin; layer < plan.middle.end; ++layer)
      layers.push_back(std::make_unique<LayerStack>(*model.checkpoint, LayerRange{layer, layer + 1}));
  }
  Checking each(int steps, std::vector<int> owned = {1, 2, 3, 4}, int draws = 1,
                std::uint64_t seed = 1) const {
    Checking c{.every_steps = steps, .draws = draws, .layers = {}, .bits = RandomBits(seed)};
    for (const int layer : owned)
      c.layers.push_back(layers[static_cast<std::size_t>(layer - plan.middle.begin)].get());
    return c;
  }

  SplitPlan plan = SplitPlan::of(6, 1, 1);
  RandomModel model;
  ModelEnds ends;
  LayerStack middle;
  LyingServer server;
  std::vector<std::unique_ptr<LayerStack>> layers;
};

struct Session {
  std::string error;
  std::vector<Token> text;
  MemoryRecorder client;
  std::size_t checks() const { return client.run.checks.size(); }
};

using Serve = std::function<void(Party&)>;

Session decoded(
    const Checked& c, const SplitOptions& options, const Serve& serve,
    const std::string& drafter = "sequential", int tokens = 20, int prompt = 30,
    const tests::Spoil& spoil = [](Message&) { return 1; }) {
  Session s;
  MemoryRecorder theirs;
  const auto spec = netsim::two_party_network(std::chrono::milliseconds(80), 1e9, 1e9);
  netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
  const PartyMain client = [&](Transport& t, Clock& clock) {
    Party party(0, t, clock, s.client);
    s.error = error_of([&] {
      const auto forward = make_split(party, 1, c.ends, options);
      s.text = generate(party, *forward, *make_drafter(drafter, {}), c.model.config(), prompt_of(prompt),
                        {tokens, false})
                   .output;
      forward->close();
    });
    if (!s.error.empty()) throw Error("{}", s.error);
  };
  error_of([&] {
    network.run({{0, client}, {1, [&](Transport& t, Clock& clock) {
                                 tests::SpoiledTransport spoiled(t, spoil);
                                 Party party(1, spoiled, clock, theirs);
                                 serve(party);
                               }}});
  });
  return s;
}

Serve honest(const Checked& c) {
  return [&c](Party& party) { serve_middle(party, 0, c.model.config(), c.middle); };
}
// The same with a server that lies, and answers at once.
Session lied_to(const Checked& c, const SplitOptions& options, const Lie& lie, int tokens = 20,
                int prompt = 30) {
  Session s;
  tests::AtOnce server(c.server, lie);
  Party party(0, server, server, s.client);
  s.error = error_of([&] {
    const auto forward = make_split(party, 1, c.ends, options);
    s.text = generate(party, *forward, *make_drafter("sequential", {}), c.model.config(), prompt_of(prompt),
                      {tokens, false})
                 .output;
    forward->close();
  });
  return s;
}

TEST(SpotChecks, pass_with_an_honest_server_and_change_nothing_with_any_drafter_wire_or_defence) {
  const Checked c;
  for (const char* drafter : {"sequential", "ngram", "jacobi-4", "lookahead-5-4-5"}) {
    for (const char* wire : {"f32", "f16", "int8", "int4"}) {
      for (const Json& defences : {Json::object(), Json{{"pad_rows", {4, 8}}}, Json{{"noise", 0.1}}}) {
        SplitOptions options{.wire = &codec_named(wire), .prefill_chunk = 16};
        options.defences = read_defences(defences);
        const auto plain = decoded(c, options, honest(c), drafter);
        options.checks = c.each(3);
        const auto checked = decoded(c, options, honest(c), drafter);
        EXPECT_EQ(checked.error, "") << drafter << wire << defences;
        EXPECT_EQ(checked.text, plain.text) << drafter << wire << defences;
        EXPECT_EQ(checked.checks(), (checked.client.run.steps.size() + 2) / 3) << drafter << wire << defences;
      }
    }
  }
}

TEST(SpotChecks, are_about_every_committed_row_and_the_last_one_is_made_at_the_end) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(8, {2, 3}, 2);
  const auto s = decoded(c, options, honest(c));
  std::vector<std::uint64_t> steps;
  std::vector<std::uint32_t> rows;
  for (const Check& check : s.client.run.checks) {
    steps.push_back(check.step);
    rows.push_back(check.rows);
    EXPECT_THAT(check.layers, testing::UnorderedElementsAre(2, 3));
  }
  EXPECT_THAT(steps, testing::ElementsAre(8, 16, 20));
  EXPECT_THAT(rows, testing::ElementsAre(37, 45, 49));  // 30 of the prompt; the last token has no row
}

TEST(SpotChecks,
     longer_than_a_message_come_in_several_and_their_bytes_are_those_of_spans_that_are_of_no_step) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(100);
  const auto s = decoded(c, options, honest(c), "sequential", 5, 230);
  ASSERT_EQ(s.checks(), 1u);
  const Check& check = s.client.run.checks[0];
  EXPECT_EQ(check.rows, 234u);
  std::uint64_t up = 0, down = 0, greetings = 0;
  for (const Span& span : s.client.run.spans) {
    if (span.step != 0 || span.op == Op::work) continue;
    if (span.begin < check.begin) greetings += span.bytes;
    if (span.begin >= check.begin && span.begin < check.end) (span.op == Op::send ? up : down) += span.bytes;
  }
  EXPECT_GT(greetings, 0u);
  EXPECT_EQ(check.bytes_up, up);
  EXPECT_EQ(check.bytes_down, down);
  // The rows kept last, two draws; five hashes, and input and output of each row.
  EXPECT_EQ(up, 64 + 4 + 2 * 64u);
  EXPECT_EQ(down, 64 + 5 * 32 + 2 * 64 + 2 * 234 * 32 * 4u);
  EXPECT_GE(check.end - check.begin, std::chrono::milliseconds(160));  // two round trips
  EXPECT_LT(check.end - check.begin, std::chrono::milliseconds(165));
}

TEST(SpotChecks, pass_with_the_lying_server_when_it_tells_the_truth) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(3, {1, 2, 3, 4}, 4);
  const auto s = lied_to(c, options, {});
  EXPECT_EQ(s.error, "");
  EXPECT_EQ(s.text, decoded(c, {}, honest(c)).text);
  EXPECT_EQ(s.checks(), 7u);
}

TEST(SpotChecks, name_the_step_and_the_layer_of_a_lie) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(4, {1, 2, 3, 4}, 4);
  const auto s = lied_to(c, options, {.layer = 3, .from = 2, .until = 3});
  EXPECT_EQ(s.error,
            "spot check after step 4: layer 3: the server's output at position 30 is not what the layer "
            "makes of its input");
  ASSERT_EQ(s.checks(), 1u);
  EXPECT_THAT(s.client.run.checks[0].failure, HasSubstr("layer 3"));
}

TEST(SpotChecks, find_that_a_server_commits_to_something_else_than_it_answered) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(1, {1});
  Lie lie{.layer = 3, .story = Lie::Story::as_honest};
  EXPECT_EQ(
      lied_to(c, options, lie).error,
      "spot check after step 1: what the server committed to have computed is not what it has answered");
  const auto flip = [](Kind kind, std::size_t byte) {
    return [=](Message& m) {
      if (m.header.kind == kind) m.payload[byte] ^= std::byte{1};
      return 1;
    };
  };
  const auto spoiled = [&](const tests::Spoil& spoil) {
    return decoded(c, options, honest(c), "sequential", 20, 30, spoil).error;
  };
  EXPECT_EQ(spoiled(flip(Kind::commitment, 0)),
            "spot check after step 1: what the server committed to have read is not what it was sent");
  for (const std::size_t byte : {0, 30 * 128})
    EXPECT_EQ(spoiled(flip(Kind::evidence, byte)),
              "spot check after step 1: layer 1: the server's rows are not those that it had committed to");
}

TEST(SpotChecks, find_that_a_server_shows_other_rows_than_it_committed_to) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(1, {1, 2, 3, 4}, 4);
  EXPECT_THAT(lied_to(c, options, {.layer = 3, .honest_evidence = true}).error,
              testing::ContainsRegex("layer [34]: the server.s rows are not those that it had committed to"));
}

TEST(SpotChecks, of_the_wrong_shape_end_the_session_as_well) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(1, {2});
  const auto spoiled = [&](Kind kind, const std::function<void(Message&)>& change) {
    return decoded(c, options, honest(c), "sequential", 20, 30,
                   [&](Message& m) {
                     if (m.header.kind == kind) change(m);
                     return 1;
                   })
        .error;
  };
  EXPECT_THAT(
      spoiled(Kind::commitment, [](Message& m) { m.payload.resize(128); }),
      HasSubstr("the server committed with 128 bytes: expected 160, a hash for each boundary of 4 layers"));
  EXPECT_THAT(spoiled(Kind::commitment, [](Message& m) { m.header.kind = Kind::reply; }),
              HasSubstr("peer sent 'reply' where 'commitment' was expected"));
  EXPECT_THAT(spoiled(Kind::evidence, [](Message& m) { m.header.layer = 3; }),
              HasSubstr("layer 3: expected"));
  EXPECT_THAT(spoiled(Kind::evidence, [](Message& m) { m.payload.pop_back(); }),
              HasSubstr("expected width 32 and 7680 bytes"));
  EXPECT_THAT(spoiled(Kind::evidence, [](Message& m) { m.header.held = Nanos::max(); }),
              HasSubstr("says that it held step 0"));
}

// How many of `trials` sessions of a server that lies in one layer, drawn at random, end with a check that
// finds it. One check each.
int caught(const Checked& c, int trials, const std::vector<int>& owned, int draws, Lie::Story story,
           std::uint64_t seed) {
  RandomBits bits(seed);
  int count = 0;
  for (int trial = 0; trial < trials; ++trial) {
    Lie lie{.layer = 1 + static_cast<int>(bits.next() % 4),
            .from = 1 + bits.next() % 3,
            .story = story,
            .seed = bits.next()};
    lie.until = lie.from + 1;
    SplitOptions options;
    options.checks = c.each(100, owned, draws, bits.next());
    const auto s = lied_to(c, options, lie, 3, 4);
    EXPECT_EQ(s.checks(), 1u);
    if (s.error.empty()) continue;
    EXPECT_THAT(s.error, HasSubstr("is not what the layer makes of its input"));
    ++count;
  }
  return count;
}

// Standard deviations between what was counted and a chance.
double deviations(int count, int trials, double chance) {
  return (count - trials * chance) / std::sqrt(trials * chance * (1 - chance));
}

TEST(SpotChecks, catch_a_lie_in_a_random_layer_as_often_as_is_stated) {
  const Checked c;
  constexpr int trials = 400;
  struct Case {
    std::vector<int> owned;
    int draws;
  };
  for (const auto& [owned, draws] : {Case{{1, 2, 3, 4}, 1}, Case{{1, 2, 3, 4}, 2}, Case{{2, 4}, 1}}) {
    const double stated = chance_per_check(c.each(1, owned, draws), 4);
    EXPECT_EQ(stated, draws / 4.0);
    const int found = caught(c, trials, owned, draws, Lie::Story::as_computed, 7);
    EXPECT_LT(std::abs(deviations(found, trials, stated)), 3)
        << found << " of " << trials << " with " << owned.size() << " layers, " << draws << " drawn";
    RecordProperty(fmt::format("caught_{}_of_4_drawn_{}", owned.size(), draws), found);
  }
  EXPECT_EQ(caught(c, 100, {1, 2, 3, 4}, 4, Lie::Story::as_computed, 7), 100);
}

TEST(SpotChecks, catch_a_lie_as_often_where_it_is_told_otherwise_afterwards) {
  const Checked c;
  constexpr int trials = 400;
  for (const auto story : {Lie::Story::last_layer, Lie::Story::drawn}) {
    const int found = caught(c, trials, {1, 2, 3, 4}, 1, story, 11);
    EXPECT_LT(std::abs(deviations(found, trials, 0.25)), 3) << found << " of " << trials;
  }
}

TEST(SpotChecks, catch_a_server_that_always_lies_after_layers_times_steps_on_average) {
  const Checked c;
  constexpr int trials = 200, every = 2, layers = 4;
  RandomBits bits(13);
  double steps = 0;
  for (int trial = 0; trial < trials; ++trial) {
    SplitOptions options;
    options.checks = c.each(every, {1, 2, 3, 4}, 1, bits.next());
    const auto s = lied_to(c, options, {.layer = 1 + static_cast<int>(bits.next() % 4)}, 150, 4);
    ASSERT_FALSE(s.error.empty());  // (3/4)^75: not once in 10^9 sessions
    steps += static_cast<double>(s.client.run.checks.back().step);
  }
  // Geometric: 4 checks on average, standard deviation sqrt(12).
  const double mean = steps / trials, expected = every * layers, deviation = every * std::sqrt(12.0 / trials);
  EXPECT_LT(std::abs(mean - expected), 3 * deviation) << mean;
}

TEST(SpotChecks, are_refused_by_name_where_a_server_computes_with_something_else) {
  const Checked c;
  SplitOptions options;
  options.checks = c.each(1, {2});
  const auto welcomed = [&](const std::string& text) {
    return decoded(c, options, honest(c), "sequential", 20, 30,
                   [&](Message& m) {
                     if (m.header.kind == Kind::welcome) m = plain(Kind::welcome, text);
                     return 1;
                   })
        .error;
  };
  EXPECT_EQ(welcomed(""), "spot checks: this server makes none");
  EXPECT_EQ(welcomed(R"({"checks": {}})"),
            "spot checks: the server says of 0 layers how it computes them: expected 4");
  const std::string here = c.layers[0]->arithmetic()[0];
  EXPECT_THAT(here, HasSubstr(fmt::format("{} f32 ", kernels::best().name)));
  EXPECT_EQ(welcomed(R"({"checks": {"arithmetic": ["", "neon f32 00000000", "", ""]}})"),
            fmt::format("spot checks: layer 2 is computed with {} here, with \"neon f32 00000000\" at the "
                        "server: the last bits "
                        "would differ, and nothing could be said of it",
                        here));
  Checkpoint checkpoint(c.model.folder.string());
  const LayerStack stored(checkpoint, c.plan.middle, Storage::bf16);
  EXPECT_THAT(decoded(c, options, [&](Party& p) { serve_middle(p, 0, c.model.config(), stored); }).error,
              testing::AllOf(HasSubstr(" f32 "), HasSubstr(" bf16 ")));
}

TEST(SpotChecks, know_kernels_that_compute_other_bits_by_what_they_make_of_a_few_numbers) {
  const Checked c;
  const kernels::Set& usual = kernels::best();
  std::set<std::string> prints;
  for (const kernels::Set* set : kernels::available()) {
    kernels::use(*set);
    prints.insert(c.layers[0]->arithmetic()[0].substr(std::string(set->name).size()));
  }
  kernels::use(usual);
  EXPECT_EQ(prints.size() > 1, kernels::available().size() > 1);
}

TEST(SpotChecks, that_cannot_be_made_are_refused_before_anything_is_sent) {
  const Checked c;
  const auto refused = [&](Checking checking) {
    SplitOptions options;
    options.checks = std::move(checking);
    return decoded(c, options, honest(c)).error;
  };
  EXPECT_EQ(
      refused(c.each(5, {1, 2}, 3)),
      "spot checks of 3 layers each 5 steps: expected 1 or more of both, and at most the 2 layers here");
  EXPECT_EQ(
      refused(c.each(0)),
      "spot checks of 1 layers each 0 steps: expected 1 or more of both, and at most the 4 layers here");
  Checking outer = c.each(5);
  outer.layers.push_back(&c.ends.head());
  EXPECT_EQ(refused(outer), "spot checks of layer 0: the server has 1 to 4");
  Checkpoint checkpoint(c.model.folder.string());
  const LayerStack aten(checkpoint, {2, 3}, Storage::automatic, Placement(at::kCPU, Backend::aten));
  outer.layers.back() = &aten;
  EXPECT_THAT(refused(outer), HasSubstr("computed here by ATen"));
}

}  // namespace
}  // namespace splitwan::engine
