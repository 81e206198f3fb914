// Rows through the binomial mechanism on the wire: sizes, draws, soft prompts, refusals.
#include "engine/split/mechanism.hh"

#include <gmock/gmock.h>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/del_fixture.hh"
#include "tests/fixtures/families.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::DelFolder, tests::RandomModel, tests::prompt_of, tests::error_of;

SplitOptions through(const Mechanism& mechanism, int chunk = 16) {
  SplitOptions options{.prefill_chunk = chunk};
  options.mechanism = mechanism;
  return options;
}

struct Decoded {
  std::vector<Token> tokens;
  tests::Recorded recorded;
  std::uint64_t drawn = 0, exposed = 0;
};

Decoded decoded(RandomModel& model, const DelFolder& del, const Mechanism& mechanism,
                const char* drafter = "sequential", int tokens = 24, const Defences& defences = {}) {
  Decoded out;
  SplitOptions options = through(mechanism);
  options.defences = defences;
  out.recorded = tests::split(
      model, del.weights.depth, 1, options,
      [&](Party& p, Forward& f) {
        out.tokens =
            generate(p, f, *make_drafter(drafter, {}), model.config(), prompt_of(40), {tokens, false}).output;
      },
      {.del = &del.weights});
  out.drawn = mechanism.releases->drawn(), out.exposed = mechanism.releases->exposed();
  return out;
}

std::vector<Span> sent(const Decoded& d) {
  std::vector<Span> spans;
  for (const Span& s : d.recorded.client.run.spans)
    if (s.op == Op::send) spans.push_back(s);
  return spans;
}

TEST(Mechanism, sends_packed_rows_and_no_list_with_a_chain) {
  RandomModel model;
  for (const int bits : {1, 3, 4}) {
    const DelFolder del(32, 11, 0);
    const auto spans = sent(decoded(model, del, del.mechanism(20, bits), "sequential", 3));
    const std::uint64_t row = (11 * bits + 7) / 8;
    ASSERT_EQ(spans.size(), 7u);  // hello, three chunks of 16, 16 and 8 rows, two steps, bye
    EXPECT_EQ(spans[1].bytes, 64 + 16 * row);
    EXPECT_EQ(spans[2].bytes, 64 + 16 * row);
    EXPECT_EQ(spans[3].bytes, 64 + 8 * row);
    EXPECT_EQ(spans[4].bytes, 64 + row);
    EXPECT_EQ(spans[5].bytes, 64 + row);
  }
}

TEST(Mechanism, under_noise_speculation_changes_no_output_with_any_drafter) {
  RandomModel model;
  for (const int depth : {0, 2}) {
    const DelFolder del(32, 32, depth);
    const auto plain = decoded(model, del, del.mechanism(60, 4));
    EXPECT_EQ(plain.drawn, 40u + 23u);
    for (const char* drafter : {"ngram", "jacobi-4", "lookahead-5-4-5"}) {
      const auto guessed = decoded(model, del, del.mechanism(60, 4), drafter);
      EXPECT_EQ(guessed.tokens, plain.tokens) << drafter;
      EXPECT_GE(guessed.drawn, plain.drawn) << drafter;
    }
    EXPECT_NE(decoded(model, del, del.mechanism(60, 4, "none", {}, 4)).tokens, plain.tokens);
  }
}

TEST(Mechanism, of_every_family_sends_the_same_rows_whatever_is_guessed) {
  int compared = 0;
  for (const tests::Family& family : tests::every_family()) {
    RandomModel model(family.config);
    const int width = model.config().width;
    const DelFolder del(width, width, 1);
    const auto plain = decoded(model, del, del.mechanism(60, 4));
    EXPECT_EQ(plain.drawn, 40u + 23u) << family.name;
    for (const char* drafter : {"ngram", "jacobi-4"}) {
      EXPECT_EQ(decoded(model, del, del.mechanism(60, 4), drafter).tokens, plain.tokens)
          << family.name << " " << drafter;
      ++compared;
    }
  }
  EXPECT_GE(compared, 28);
}

TEST(Mechanism, with_padded_steps_draws_nothing_for_dummies) {
  RandomModel model;
  const DelFolder del(32, 32, 1);
  const auto plain = decoded(model, del, del.mechanism(60, 4));
  const auto padded = decoded(model, del, del.mechanism(60, 4), "sequential", 24,
                              read_defences({{"pad_rows", std::vector{4, 32}}}));
  EXPECT_EQ(padded.tokens, plain.tokens);
  EXPECT_EQ(padded.drawn, plain.drawn);
}

TEST(Mechanism, used_by_a_second_session_sends_the_same_prompt_s_rows_as_they_were) {
  RandomModel model;
  const DelFolder del(32, 32, 0);
  const Mechanism mechanism = del.mechanism(20, 4);
  const auto first = decoded(model, del, mechanism);
  const auto second = decoded(model, del, mechanism);
  EXPECT_EQ(second.tokens, first.tokens);
  EXPECT_EQ(second.drawn, first.drawn);
}

TEST(Mechanism, counts_generated_rows_that_go_as_they_are_as_exposed) {
  RandomModel model;
  const DelFolder del(32, 32, 1);
  Mechanism mechanism = del.mechanism(20, 4);
  mechanism.generated = false;
  const auto d = decoded(model, del, mechanism);
  EXPECT_EQ(d.drawn, 40u);
  EXPECT_EQ(d.exposed, 23u);
  EXPECT_EQ(sent(d).at(4).bytes, 64 + 4 * 32u);
}

// Logits of a prompt's rows and of a step after it, by hand: rows as the mechanism sent them, behind the soft
// prompt at the server and behind nothing elsewhere.
struct ByHand {
  ByHand(RandomModel& model, const DelFolder& del, const Mechanism& m)
      : depth(del.weights.depth),
        first(*model.checkpoint, {0, depth}),
        middle(*model.checkpoint, {depth, 3}),
        ends(*model.checkpoint, {0, depth}, {3, 4}),
        mechanism(m),
        reader(m.terms, del.weights, depth) {
    const at::Tensor& prefix = reader.soft_prompt();
    if (prefix.size(0) == 0) return;
    b.begin(chain_of(prefix.size(0)).parent);
    middle(prefix.clone(), b);
    keep(b, prefix.size(0));
  }
  static TokenBatch chain_of(std::int64_t rows) { return TokenBatch::chain(std::vector<Token>(rows)); }
  static void keep(KvCache& cache, std::int64_t rows) {
    cache.commit(path_to(chain_of(rows).parent, static_cast<std::int32_t>(rows - 1)));
  }

  at::Tensor run(const TokenBatch& rows) {
    std::vector<Releases::RowId> ids;
    for (std::size_t i = 0; i < rows.ids.size(); ++i)
      ids.push_back(Releases::child(rows.parent[i] < 0 ? last : ids[static_cast<std::size_t>(rows.parent[i])],
                                    rows.ids[i]));
    a.begin(rows.parent), b.begin(rows.parent), c.begin(rows.parent);
    const at::Tensor sent = first(ends.embed(rows.ids), a);
    const at::Tensor read = reader.decode(encode(sent, *mechanism.releases, ids), at::kCPU);
    open = ids.back();
    return ends.logits(ends.tail()(middle(read, b), c));
  }
  void commit(std::int64_t rows) {
    for (KvCache* cache : {&a, &b, &c}) keep(*cache, rows);
    last = open;
  }

  int depth;
  LayerStack first, middle;
  ModelEnds ends;
  const Mechanism& mechanism;
  MechanismReader reader;
  KvCache a = first.new_cache(), b = middle.new_cache(), c = ends.tail().new_cache();
  Releases::RowId last = 0, open = 0;
};

TEST(Mechanism, sends_and_reads_bit_by_bit_what_is_computed_by_hand_at_every_depth) {
  RandomModel model;
  int compared = 0;
  for (const int depth : {0, 1, 2}) {
    for (const std::string kind : {"none", "clean"}) {
      DelFolder del(32, 32, depth);
      del.add_soft_prompt(del.spec(20, 4), "clean", 7);
      const Mechanism mechanism = del.mechanism(20, 4, kind);
      const TokenBatch tree{{5, 6, 7, 8}, {-1, 0, 0, 2}};
      const auto ids = prompt_of(20);
      tests::split(model, depth, 1, through(mechanism, 8),
                   [&](Party& party, Forward& f) {
                     party.begin_step(1, 0);
                     const at::Tensor last = f.prefill(ids);
                     ByHand by_hand(model, del, mechanism);
                     EXPECT_TRUE(at::equal(last[0], by_hand.run(TokenBatch::chain(ids))[19]))
                         << depth << kind;
                     by_hand.commit(20);
                     const at::Tensor expected = by_hand.run(tree);
                     for (std::uint64_t again = 0; again < 2;
                          ++again) {  // what was not committed leaves nothing behind
                       party.begin_step(2 + again, 20);
                       EXPECT_TRUE(at::equal(f.run(tree), expected)) << depth << kind;
                     }
                   },
                   {.del = &del.weights});
      ++compared;
    }
  }
  EXPECT_EQ(compared, 6);
}

// A prompt's messages, as a chain of chunks sends them.
struct Weighed {
  std::uint64_t payload = 0, all = 0;
};
Weighed weighed(int rows, int width, const std::function<Message(const at::Tensor&)>& encoded, bool lists) {
  Weighed w;
  for (int at = 0; at < rows; at += prefill_rows) {
    Message m = encoded(at::randn({std::min(prefill_rows, rows - at), width}));
    if (lists && at > 0) m.header.keep.resize(prefill_rows);
    w.payload += m.payload.size(), w.all += wire_size(m);
  }
  return w;
}

TEST(Mechanism, makes_a_prompt_of_512_tokens_128_times_smaller_than_f16_rows) {
  for (const auto& [model_width, with_headers] : {std::pair{4096, 126.0}, {128, 103.0}}) {
    const int width = model_width / 32;
    const auto maps = std::make_shared<Projection>(tests::identity(model_width, width));
    Releases releases(BinomialRows({20, 4, width, tests::box}, maps), RandomBits(1));
    Releases::RowId last = 0;
    const auto packed = weighed(
        512, model_width,
        [&](const at::Tensor& rows) {
          std::vector<Releases::RowId> ids;
          ids.reserve(static_cast<std::size_t>(rows.size(0)));
          for (int i = 0; i < rows.size(0); ++i) ids.push_back(last = Releases::child(last, i));
          return encode(rows, releases, ids);
        },
        false);
    const Codec& f16 = codec_named("f16");
    const auto plain = weighed(
        512, model_width, [&](const at::Tensor& rows) { return encode(rows, f16); }, true);
    EXPECT_EQ(packed.payload * 128, plain.payload);
    EXPECT_GE(static_cast<double>(plain.all) / static_cast<double>(packed.all), with_headers) << model_width;
    EXPECT_EQ(packed.payload, 512u * (static_cast<unsigned>(width) / 2));
  }
}

TEST(Mechanism, is_refused_where_the_two_sides_do_not_agree) {
  RandomModel model;
  const DelFolder del(32, 32, 1), narrow(32, 16, 1), deep(32, 32, 2);
  const auto refusal = [&](const Mechanism& mechanism, const DelWeights* served) {
    return error_of([&] {
      tests::split(model, 1, 1, through(mechanism),
                   [&](Party& party, Forward& f) {
                     party.begin_step(1, 0);
                     f.prefill(prompt_of(20));
                   },
                   {.del = served});
    });
  };
  const Mechanism mechanism = del.mechanism(20, 4);
  EXPECT_THAT(refusal(mechanism, nullptr), HasSubstr("this server has no decoder"));
  EXPECT_THAT(refusal(mechanism, &narrow.weights),
              HasSubstr("the client's rows have 32 coordinates clamped to 0.05: " + narrow.folder.string() +
                        " has a decoder for 16 and 0.05"));
  EXPECT_THAT(refusal(mechanism, &deep.weights),
              HasSubstr("maps for rows after 2 layers: the server's layers begin at 1"));
  EXPECT_THAT(refusal(del.mechanism(20, 4, "clean"), &del.weights),
              HasSubstr("no soft prompt for mu 20 and 4 bits"));
}

TEST(Mechanism, sends_nothing_when_the_budget_is_spent) {
  RandomModel model;
  const DelFolder del(32, 32, 0);
  const std::string file = del.folder / "budget.json";
  create_budget(file, {del.spec(20, 4), 1e-5, 1500, 0});
  const auto most = read_budget(file).most_rows();
  ASSERT_GT(most, 0u);
  ASSERT_LT(most, 40u);  // of the prompt's
  tests::Recorded recorded;
  const Mechanism mechanism = del.mechanism(20, 4, "none", Budget(file, del.spec(20, 4)));
  EXPECT_THAT(error_of([&] {
                tests::split(model, 0, 1, through(mechanism, 128),
                             [&](Party& party, Forward& f) {
                               party.begin_step(1, 0);
                               try {
                                 f.prefill(prompt_of(40));
                               } catch (...) {
                                 for (const Span& s : party.spans()) EXPECT_NE(s.op, Op::send);
                                 throw;
                               }
                             },
                             {.del = &del.weights});
              }),
              HasSubstr(file));
  EXPECT_EQ(read_budget(file).rows, 0u);
}

}  // namespace
}  // namespace splitwan::engine
