// Who sends what in a session with sharded tokens: the plan against the closed form and against its own
// order.
#include "engine/party/shard_plan.hh"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "engine/wire/wire.hh"

namespace splitwan::engine {
namespace {

struct Batch {
  std::vector<std::uint32_t> depths;
  bool chain;
  std::uint32_t kept;
};

// A prompt in two chunks, single rows, a chain of which two are kept, a tree, and again.
const std::vector<Batch> some_batches = {{chain_depths(128), true, 128}, {chain_depths(5), true, 5},
                                         {chain_depths(1), true, 1},     {chain_depths(4), true, 2},
                                         {chain_depths(1), true, 1},     {{0, 1, 2, 0, 1, 2, 0, 1}, false, 3},
                                         {{0, 1, 0, 1, 0, 1}, false, 2}};
constexpr ShardWidths widths{3, 32, 32, 16, 4};

ShardBytes carried_by(const ShardBatch& batch, const Sharding& s) {
  ShardBytes sum;
  for (const ShardMessage& m : batch.messages) {
    const ShardRole from = s.party(m.from).role, to = s.party(m.to).role;
    (from == ShardRole::client  ? sum.out
     : to == ShardRole::client  ? sum.back
     : to == ShardRole::attn    ? sum.up
     : from == ShardRole::merge ? sum.merged
                                : sum.down) += {1, m.payload};
  }
  return sum;
}

// The longest way through the batch, in messages.
std::uint64_t hops_of(const ShardBatch& batch) {
  std::map<std::size_t, std::uint64_t> came;  // message: hops until it is there
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < batch.messages.size(); ++i)
    if (batch.messages[i].from == 0) came[batch.first_message + i] = 1;
  for (const ShardJob& job : batch.jobs) {
    std::uint64_t begun = 0;
    for (const std::size_t need : job.needs)
      if (need >= batch.first_message) begun = std::max(begun, came.at(need));
    for (const std::size_t m : job.sends) most = std::max(most, came[m] = begun + 1);
  }
  return most;
}

TEST(ShardPlan, sends_what_the_closed_form_says_in_as_many_hops) {
  std::size_t compared = 0;
  for (const int alpha : {1, 2, 3, 4, 6, 8})
    for (const int cluster : {1, 2, 3})
      for (const bool aggregator : {false, true})
        for (const PartialForm form : {PartialForm::meu, PartialForm::o_lse}) {
          const ShardTerms terms{{alpha, cluster, aggregator}, form};
          ShardSession session(terms, widths, "f32");
          for (const Batch& b : some_batches) {
            std::vector<std::uint32_t> positions;
            for (const std::uint32_t depth : b.depths) positions.push_back(session.context() + depth);
            const ShardBatch batch = session.add(2, b.depths, b.chain);
            const ShardBytes planned = carried_by(batch, terms.sharding),
                             formula = step_bytes(terms, widths, "f32", positions);
            EXPECT_EQ(planned.client(), formula.client());
            EXPECT_EQ(planned.up, formula.up);
            EXPECT_EQ(planned.down, formula.down);
            EXPECT_EQ(planned.merged, formula.merged);
            EXPECT_EQ(hops_of(batch), formula.hops);
            session.commit(b.kept);
            ++compared;
          }
        }
  EXPECT_EQ(compared, 6u * 3 * 2 * 2 * some_batches.size());
}

TEST(ShardPlan, waits_for_nothing_that_is_not_sent_and_each_message_is_sent_once) {
  const ShardTerms terms{{4, 2, true}};
  ShardSession session(terms, widths, "f32");
  std::set<std::size_t> sent, all;
  std::size_t jobs = 0, keys_before = 0, numbered = 0;
  const auto follow = [&](const ShardBatch& batch) {
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
      EXPECT_GE(batch.first_message, numbered);
      EXPECT_TRUE(all.insert(batch.first_message + i).second);
      if (batch.messages[i].from == 0) sent.insert(batch.first_message + i);
    }
    for (const ShardJob& job : batch.jobs) {
      for (const std::size_t need : job.needs) {
        EXPECT_TRUE(sent.count(need)) << "job of party " << job.party << " at layer " << job.layer;
        if (need >= batch.first_message) {
          EXPECT_EQ(batch.message(need).to, job.party);
        }
        keys_before += need < batch.first_message;
      }
      for (const std::size_t m : job.sends) {
        EXPECT_EQ(batch.message(m).from, job.party);
        EXPECT_TRUE(sent.insert(m).second);
      }
      ++jobs;
    }
  };
  const ShardBatch greeting = session.greet(300);
  EXPECT_EQ(greeting.messages.size(), terms.sharding.pairs().size()) << "one for each that speak";
  EXPECT_TRUE(greeting.jobs.empty());
  for (const ShardMessage& m : greeting.messages) {
    EXPECT_LT(m.from, m.to);
    EXPECT_EQ(m.bytes(), 300u);
    ++numbered;
  }
  for (const Batch& b : some_batches) {
    follow(session.add(2, b.depths, b.chain));
    session.commit(b.kept);
  }
  EXPECT_EQ(sent, all);
  EXPECT_GT(jobs, 250u);
  EXPECT_GT(keys_before, 10u) << "a query waits for the keys of steps before it";
}

// By hand: 4 shards of single tokens.
TEST(ShardPlan, names_rows_only_once_one_was_dropped_and_parents_only_of_trees) {
  const ShardTerms terms{{4, 1, false}};
  ShardSession session(terms, widths, "f32");
  const auto lists = [](const ShardBatch& batch, PartyId from, PartyId to, std::uint32_t layer) {
    for (const ShardMessage& m : batch.messages)
      if (m.from == from && m.to == to && m.layer == layer) return static_cast<int>(m.lists);
    return -1;
  };
  const Sharding& s = terms.sharding;
  for (const ShardMessage& m : session.add(1, chain_depths(10), true).messages) EXPECT_EQ(m.lists, 0u);
  session.commit(10);
  // A tree of three levels on positions 10, 11, 12: shards 2, 3, 0.
  const ShardBatch tree = session.add(2, {0, 1, 2, 0, 1, 2}, false);
  EXPECT_EQ(lists(tree, 0, s.comp(2), 0), 6) << "parents alone";
  EXPECT_EQ(lists(tree, s.comp(2), s.attn(2, 1), 0), 6);
  EXPECT_EQ(lists(tree, s.comp(2), s.attn(1, 2), 0), 6);
  EXPECT_EQ(lists(tree, s.comp(2), s.attn(2, 1), 1), 0) << "told before";
  EXPECT_EQ(lists(tree, 0, s.comp(1), 0), -1) << "owns no row";
  session.commit(2);                                              // positions 10 and 11 of 6 rows
  const ShardBatch next = session.add(3, chain_depths(1), true);  // position 12: shard 0
  EXPECT_EQ(lists(next, 0, s.comp(0), 0), 1 + 2) << "where it begins, and what was kept since the tree";
  EXPECT_EQ(lists(next, s.comp(0), s.attn(0, 2), 0), 1 + 1) << "of the key shard's: position 10";
  EXPECT_EQ(lists(next, s.comp(0), s.attn(0, 1), 0), 1);
  EXPECT_EQ(lists(next, s.comp(0), s.attn(3, 0), 0), 1) << "from the keys' side where it begins";
  session.commit(1);
  const ShardBatch after = session.add(4, chain_depths(1), true);  // position 13: shard 1, told at the prompt
  EXPECT_EQ(lists(after, 0, s.comp(1), 0), 1 + 13 - 0) << "it was told when nothing was committed yet";
  EXPECT_EQ(lists(after, s.comp(1), s.attn(1, 2), 0), 1 + 3) << "positions 2, 6 and 10";
}

}  // namespace
}  // namespace splitwan::engine
