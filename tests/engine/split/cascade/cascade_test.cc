// Tokens sharded among nodes against local decoding: the same numbers up to the order of sums.
#include <gmock/gmock.h>

#include <numeric>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "tests/fixtures/cascade_fixture.hh"
#include "tests/fixtures/families.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::prompt_of;
using tests::RandomModel;

CascadeTerms terms_of(int alpha, int cluster, PartialForm form = PartialForm::meu, bool aggregator = false) {
  CascadeTerms terms;
  terms.sharding = {alpha, cluster, aggregator};
  terms.form = form;
  return terms;
}

// A prompt, a chain, a tree and what follows its second branch; logits of all.
std::vector<at::Tensor> logits_of(Party& party, Forward& forward, int prompt) {
  std::vector<at::Tensor> all;
  const auto keep = [&](const at::Tensor& logits) { all.push_back(logits.clone()); };
  party.begin_step(1, 0);
  keep(forward.prefill(prompt_of(prompt)));
  party.begin_step(2, static_cast<std::uint32_t>(forward.committed()));
  keep(forward.run(TokenBatch{{5}, {-1}}));
  forward.commit(std::vector<std::int32_t>{0});
  party.begin_step(3, static_cast<std::uint32_t>(forward.committed()));
  keep(forward.run(TokenBatch{{7, 8, 9, 10, 11, 12}, {-1, 0, 1, 0, 3, -1}}));
  forward.commit(std::vector<std::int32_t>{0, 3, 4});
  party.begin_step(4, static_cast<std::uint32_t>(forward.committed()));
  keep(forward.run(TokenBatch{{13, 14, 15}, {-1, 0, -1}}));
  forward.commit(std::vector<std::int32_t>{2});
  party.begin_step(5, static_cast<std::uint32_t>(forward.committed()));
  keep(forward.run(TokenBatch{{16}, {-1}}));
  return all;
}

double largest_difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double most = 0;
  EXPECT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, (a[i] - b[i]).abs().max().item<double>());
  return most;
}

TEST(Cascade, has_the_logits_of_local_decoding_for_any_shards_and_lengths) {
  RandomModel model;
  int compared = 0;
  for (const int prompt : {1, 13, 150}) {
    std::vector<at::Tensor> local;
    tests::locally(model, [&](Party& p, Forward& f) { local = logits_of(p, f, prompt); });
    for (const int alpha : {1, 2, 3, 4, 8}) {
      for (const int cluster : {1, 2, 3}) {
        std::vector<at::Tensor> sharded;
        tests::cascade(model, 0, 0, terms_of(alpha, cluster),
                       [&](Party& p, Forward& f) { sharded = logits_of(p, f, prompt); });
        EXPECT_LT(largest_difference(local, sharded), 1e-4)
            << alpha << "," << cluster << " prompt " << prompt;
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 45);
}

TEST(Cascade,
     is_the_same_in_either_form_with_an_aggregator_with_a_window_and_with_outer_layers_at_the_client) {
  int compared = 0;
  for (const int window : {0, 9}) {
    RandomModel model(window > 0 ? Json{{"sliding_window", window}} : Json::object());
    std::vector<at::Tensor> local;
    tests::locally(model, [&](Party& p, Forward& f) { local = logits_of(p, f, 40); });
    for (const auto form : {PartialForm::meu, PartialForm::o_lse}) {
      for (const bool aggregator : {false, true}) {
        for (const auto& [head, tail] : {std::pair{0, 0}, {1, 0}, {0, 1}, {2, 1}}) {
          std::vector<at::Tensor> sharded;
          tests::cascade(model, head, tail, terms_of(3, 2, form, aggregator),
                         [&](Party& p, Forward& f) { sharded = logits_of(p, f, 40); }, {.prefill_chunk = 16});
          EXPECT_LT(largest_difference(local, sharded), 1e-4) << head << "," << tail;
          ++compared;
        }
      }
    }
  }
  EXPECT_EQ(compared, 32);
}

// Windows by layer as masks, caps before the largest score, rotations of more than one kind.
TEST(Cascade, has_the_logits_of_local_decoding_for_every_family) {
  for (const tests::Family& family : tests::every_family()) {
    RandomModel model(family.config);
    std::vector<at::Tensor> local;
    tests::locally(model, [&](Party& p, Forward& f) { local = logits_of(p, f, 40); });
    for (const bool aggregator : {false, true}) {
      std::vector<at::Tensor> sharded;
      tests::cascade(model, 1, 0, terms_of(3, 2, PartialForm::meu, aggregator),
                     [&](Party& p, Forward& f) { sharded = logits_of(p, f, 40); }, {.prefill_chunk = 16});
      EXPECT_LT(largest_difference(local, sharded), 1e-4) << family.name;
    }
  }
}

TEST(Cascade, gives_a_row_the_same_bits_in_whatever_step_it_comes) {
  RandomModel model;
  const auto text = prompt_of(60);
  at::Tensor whole, chunked;
  std::vector<at::Tensor> one_by_one;
  tests::cascade(model, 0, 0, terms_of(4, 1), [&](Party& p, Forward& f) {
    p.begin_step(1, 0);
    whole = f.prefill(text).clone();
  });
  tests::cascade(model, 0, 0, terms_of(4, 1),
                 [&](Party& p, Forward& f) {
                   p.begin_step(1, 0);
                   chunked = f.prefill(text).clone();
                 },
                 {.prefill_chunk = 7});
  tests::cascade(model, 0, 0, terms_of(4, 1), [&](Party& p, Forward& f) {
    p.begin_step(1, 0);
    one_by_one = {f.prefill(std::span(text).first(1)).clone()};
    for (std::size_t i = 1; i < text.size(); ++i) {
      p.begin_step(i + 1, static_cast<std::uint32_t>(i));
      one_by_one.push_back(f.run(TokenBatch{{text[i]}, {-1}}).clone());
      f.commit(std::vector<std::int32_t>{0});
    }
  });
  EXPECT_TRUE(at::equal(whole, chunked));
  EXPECT_TRUE(at::equal(whole, one_by_one.back()));
}

TEST(Cascade, writes_what_local_decoding_writes_with_every_drafter) {
  RandomModel model;
  std::vector<Token> local;
  tests::locally(model, [&](Party& p, Forward& f) {
    local = generate(p, f, *make_drafter("sequential", {}), model.config(), prompt_of(40), {60, true}).output;
  });
  int compared = 0;
  for (const char* drafter : {"sequential", "ngram", "ngram-7", "jacobi", "lookahead", "auto"}) {
    for (const bool aggregator : {false, true}) {
      std::vector<Token> sharded;
      tests::cascade(model, 0, 0, terms_of(3, 1, PartialForm::meu, aggregator), [&](Party& p, Forward& f) {
        sharded =
            generate(p, f, *make_drafter(drafter, {}), model.config(), prompt_of(40), {60, true}).output;
      });
      EXPECT_EQ(sharded, local) << drafter;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12);
}

TEST(Cascade, waits_for_keys_that_come_late_and_takes_none_of_rows_that_nobody_kept) {
  RandomModel model;
  std::vector<at::Tensor> local;
  tests::locally(model, [&](Party& p, Forward& f) { local = logits_of(p, f, 30); });
  int compared = 0;
  for (const int alpha : {3, 4}) {
    for (const int late_ms : {3, 6, 12, 25, 50}) {
      std::vector<at::Tensor> sharded;
      tests::cascade(
          model, 0, 0, terms_of(alpha, 1), [&](Party& p, Forward& f) { sharded = logits_of(p, f, 30); },
          {.prefill_chunk = 8}, {}, late_ms);
      EXPECT_LT(largest_difference(local, sharded), 1e-4) << alpha << ", " << late_ms << " ms";
      ++compared;
    }
  }
  EXPECT_EQ(compared, 10);
}

TEST(Cascade, over_f16_stays_within_its_rounding) {
  RandomModel model;
  std::vector<at::Tensor> exact, rounded;
  CascadeTerms terms = terms_of(3, 1);
  tests::cascade(model, 0, 0, terms, [&](Party& p, Forward& f) { exact = logits_of(p, f, 30); });
  terms.wire = &codec_named("f16");
  tests::cascade(model, 0, 0, terms, [&](Party& p, Forward& f) { rounded = logits_of(p, f, 30); });
  EXPECT_GT(largest_difference(exact, rounded), 0);
  EXPECT_LT(largest_difference(exact, rounded), 5e-2);
}

}  // namespace
}  // namespace splitwan::engine
