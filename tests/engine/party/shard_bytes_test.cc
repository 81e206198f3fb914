// What sharded tokens cost in bytes, messages and hops: closed forms against worked numbers.
#include "engine/party/shard_bytes.hh"

#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "engine/base/json_file.hh"
#include "engine/party/run_header.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;

Json rows_of_fixture() {
  return read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/cascade_bytes.json").at("rows");
}

std::vector<std::uint32_t> first_positions(std::uint32_t count, std::uint32_t from = 0) {
  std::vector<std::uint32_t> positions(count);
  std::iota(positions.begin(), positions.end(), from);
  return positions;
}

ShardTerms terms_of(const Json& row) {
  return shard_terms_of(
      {{"alpha", row["alpha"]}, {"cluster", row.value("c", 1)}, {"form", row["form"]}, {"merge", "compnode"}},
      "row");
}

// Decode rows of the fixture leave the model's widths to its prompt rows.
Json geometry_of(const Json& rows, const std::string& model) {
  for (const Json& row : rows)
    if (row["model"] == model && row.contains("H"))
      return {{"layers", row["L"]},     {"width", 1},
              {"heads", row["H"]},      {"kv_heads", row["H_kv"]},
              {"head_dim", row["d_h"]}, {"causal", row["causal"]}};
  throw Error("{}: no widths", model);
}

TEST(ShardBytes, of_prompts_are_those_of_the_worked_numbers) {
  const Json rows = rows_of_fixture();
  std::size_t compared = 0, skipping_saves = 0;
  for (const Json& row : rows) {
    if (!row.contains("N")) continue;
    const Json geometry = geometry_of(rows, row["model"]);
    const ShardTerms t = terms_of(row);
    const ShardWidths w = shard_widths_of(geometry, {0, row["L"].get<int>()}, "row");
    const auto positions = first_positions(row["N"]);
    const ShardBytes layer = layer_bytes(t, w, "f32", positions, EmptyPartials::sent);
    EXPECT_EQ(layer.up,
              (Carried{row["messages_up_layer"], row["elements_up_layer"].get<std::uint64_t>() * 4}))
        << row;
    EXPECT_EQ(layer.down,
              (Carried{row["messages_down_layer"], row["elements_down_layer"].get<std::uint64_t>() * 4}))
        << row;
    const ShardBytes sent = step_bytes(t, w, "f32", positions, EmptyPartials::sent),
                     skipped = step_bytes(t, w, "f32", positions);
    EXPECT_EQ(sent.inner().payload, row["bytes"]) << row;
    EXPECT_EQ(skipped.inner().payload, row["bytes_if_empty_partials_are_skipped"]) << row;
    EXPECT_EQ(skipped.hops, row["hops"].get<std::uint64_t>() + 2) << "to and from the client";
    skipping_saves += skipped.inner().payload < sent.inner().payload;
    ++compared;
  }
  std::printf("compared %zu prompts, of which skipping shortens %zu\n", compared, skipping_saves);
  EXPECT_EQ(compared, 24u);
  EXPECT_GT(skipping_saves, 0u);
}

TEST(ShardBytes, of_decoding_are_those_of_the_worked_numbers) {
  const Json rows = rows_of_fixture();
  std::size_t compared = 0;
  for (const Json& row : rows) {
    if (!row.contains("decode_rows")) continue;
    const Json geometry = geometry_of(rows, row["model"]);
    const ShardTerms t = terms_of(row);
    const ShardWidths w = shard_widths_of(geometry, {0, geometry["layers"].get<int>()}, "row");
    const auto positions = first_positions(row["decode_rows"], 4096);
    const ShardBytes layer = layer_bytes(t, w, "f32", positions), step = step_bytes(t, w, "f32", positions);
    EXPECT_EQ(layer.inner().payload, row["elements_layer"].get<std::uint64_t>() * 4) << row;
    EXPECT_EQ(step.inner().payload, row["bytes_fp32"]) << row;
    EXPECT_EQ(step_bytes(t, w, "f16", positions).inner().payload, row["bytes_fp16"]) << row;
    EXPECT_EQ(cache_bytes_per_token(t, w, "f16"), row["kv_cache_bytes_per_token_fp16"]) << row;
    EXPECT_EQ(
        cache_bytes_per_token(t, w, "f16"),
        row["alpha"].get<std::uint64_t>() * row["kv_cache_bytes_per_token_dense_fp16"].get<std::uint64_t>());
    EXPECT_EQ(step.hops, row["hops"].get<std::uint64_t>() + 2) << row;
    EXPECT_EQ(layer.up.messages + 1, row["nodes_active_per_layer"])
        << "each AttnNode hears once, and the CompNode";
    EXPECT_EQ(step.client().messages, 2u);
    ++compared;
  }
  std::printf("compared %zu decode steps\n", compared);
  EXPECT_EQ(compared, 12u);
}

// Counted one by one, from the definition of who sees what.
TEST(ShardBytes, of_partial_results_are_counted_row_by_row_with_windows_ragged_lengths_and_trees) {
  std::size_t compared = 0;
  for (const int alpha : {1, 2, 3, 4, 8})
    for (const int cluster : {1, 2, 3})
      for (const std::uint64_t window : {0, 1, 5, 40})
        for (const std::vector<std::uint32_t>& positions :
             {first_positions(1), first_positions(13), first_positions(7, 31), {64, 64, 64, 65, 65}}) {
          const Sharding s{alpha, cluster};
          const ShardWidths w{2, 16, 16, 8, 4, window};
          std::uint64_t partial_rows = 0;
          std::set<std::pair<int, int>> senders;
          for (const std::uint32_t p : positions)
            for (int k = 0; k < alpha; ++k) {
              std::uint64_t keys = 0;
              for (std::uint32_t j = 0; j <= p; ++j)
                keys += s.shard_of(static_cast<int>(j)) == k && (window == 0 || p - j < window);
              EXPECT_EQ(keys_seen(s, w, 0, k, p, 0), keys);
              if (keys > 0) ++partial_rows, senders.emplace(s.shard_of(static_cast<int>(p)), k);
            }
          const ShardBytes b = layer_bytes({s}, w, "f32", positions);
          EXPECT_EQ(b.down, (Carried{senders.size(), partial_rows * (16 + 8) * 4}));
          ++compared;
        }
  EXPECT_EQ(compared, 5u * 3 * 4 * 4);
}

TEST(ShardBytes, with_an_aggregator_one_more_message_and_hop_bring_each_shard_its_merged_rows) {
  const ShardWidths w{12, 128, 128, 64, 4};
  ShardTerms t{{4, 2, true}, PartialForm::meu};
  const ShardBytes b = step_bytes(t, w, "f32", first_positions(9, 100));
  EXPECT_EQ(b.merged, (Carried{12 * 4, 12 * 9 * 128 * 4}));
  EXPECT_EQ(b.hops, 12u * 3 + 2);
  t.sharding.aggregator = false;
  const ShardBytes without = step_bytes(t, w, "f32", first_positions(9, 100));
  EXPECT_EQ(without.merged, Carried{});
  EXPECT_EQ(without.down, b.down);
  EXPECT_EQ(without.hops, 12u * 2 + 2);
}

TEST(ShardTerms, come_back_from_what_a_header_says_of_them) {
  std::size_t compared = 0;
  for (const char* form : {"meu", "o_lse"})
    for (const char* merge : {"compnode", "aggregator"}) {
      const Json said = {{"alpha", 8}, {"cluster", 3}, {"form", form}, {"merge", merge}};
      RunHeader h;
      h.cascade = to_json(shard_terms_of(said, "cascade"));
      EXPECT_EQ(run_header_of(to_json(h), "run").cascade, said);
      EXPECT_EQ(system_of(h)["cascade"], Json({{"form", form}, {"merge", merge}})) << "alpha is a condition";
      ++compared;
    }
  EXPECT_EQ(compared, 4u);
  EXPECT_FALSE(to_json(RunHeader()).contains("cascade"));
  const auto refused = [](Json j) { return error_of([&] { shard_terms_of(j, "cascade"); }); };
  EXPECT_THAT(refused({{"alpha", 0}}),
              HasSubstr("cascade: alpha: expected a whole number from 1 to 16, found 0"));
  EXPECT_THAT(refused({{"alpha", 4}, {"form", "lse"}}), HasSubstr("expected meu or o_lse, found 'lse'"));
  EXPECT_THAT(refused({{"alpha", 4}, {"merge", "client"}}), HasSubstr("expected compnode or aggregator"));
}

}  // namespace
}  // namespace splitwan::engine
