// What leaves the client and what the server reads of it, with maps that are drawn at random.
#include "engine/privacy/binomial_rows.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>

#include "engine/checkpoint/safetensors.hh"
#include "engine/wire/bit_rows.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr, testing::Le, testing::Gt;
using tests::error_of;

std::shared_ptr<Projection> maps(int model_width, int width, float size = 0.05f) {
  auto p = std::make_shared<Projection>();
  p->model_width = model_width, p->width = width;
  RandomBits random(4);
  for (auto* m : {&p->encoder, &p->decoder}) {
    m->resize(static_cast<std::size_t>(model_width) * width);
    for (float& v : *m) v = static_cast<float>((random.uniform() - 0.5) * size);
  }
  return p;
}

std::vector<float> rows(int count, int width, std::uint64_t seed = 9) {
  RandomBits random(seed);
  std::vector<float> all(static_cast<std::size_t>(count) * width);
  for (float& v : all) v = static_cast<float>(random.uniform() - 0.5);
  return all;
}

TEST(BitRows, are_read_as_they_were_written_at_every_precision) {
  int compared = 0;
  for (int bits = 1; bits <= 16; ++bits) {
    for (const std::size_t width : {1u, 3u, 8u, 128u, 129u}) {
      RandomBits random(static_cast<std::uint64_t>(bits));
      std::vector<std::uint32_t> counts(width), found(width);
      for (auto& k : counts) k = static_cast<std::uint32_t>(random.next() & ((1u << bits) - 1));
      Bytes packed(packed_bytes(width, bits));
      pack(counts, bits, packed);
      unpack(packed, bits, found);
      EXPECT_EQ(found, counts) << bits << " " << width;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 80);
}

TEST(BitRows, with_bits_that_nobody_writes_are_refused) {
  std::vector<std::uint32_t> counts(3);
  EXPECT_THAT(error_of([&] {
                unpack(Bytes{std::byte{0}, std::byte{0x80}}, 4, counts);
              }),
              HasSubstr("expected 0 in its last 4 bits, found 8"));
}

TEST(BinomialRows, take_exactly_their_bits) {
  EXPECT_EQ(BinomialRows({20, 4, 128, 0.05}, maps(4096, 128)).row_bytes(), 64u);  // of 8192 as f16
  EXPECT_EQ(BinomialRows({20, 4, 4, 0.05}, maps(128, 4)).row_bytes(), 2u);
  EXPECT_EQ(BinomialRows({20, 3, 5, 0.05}, maps(16, 5)).row_bytes(), 2u);
}

// Whatever the maps make of a row, the coin's chance is that of a latent within the box: the server reads
// A (2K / u - 1), whose mean is the clamped latent.
TEST(BinomialRows, are_read_as_the_clamped_latent_in_the_mean) {
  const auto p = maps(16, 4, 0.2f);
  const BinomialSpec spec{30, 6, 4, 0.05};
  const BinomialRows mechanism(spec, p);
  const auto row = rows(1, 16);
  std::vector<float> latent(4), expected(16), read(16);
  p->encode(row, latent);
  EXPECT_TRUE(std::ranges::any_of(latent, [](float x) { return std::abs(x) > 0.05f; }));
  for (float& x : latent) x = std::clamp(x, -0.05f, 0.05f);
  p->decode(latent, expected);
  std::vector<double> mean(16, 0);
  RandomBits bits(2);
  Bytes sent(mechanism.row_bytes());
  constexpr int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    mechanism.draw(row, bits, sent);
    mechanism.read(sent, read);
    for (std::size_t j = 0; j < 16; ++j) mean[j] += read[j] / draws;
  }
  for (std::size_t j = 0; j < 16; ++j) EXPECT_NEAR(mean[j], expected[j], 4e-4) << j;
}

TEST(BinomialRows, are_no_longer_than_the_cap_before_the_decoder) {
  auto p = std::make_shared<Projection>(*maps(4, 4));
  p->encoder = p->decoder = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  const BinomialSpec spec{1, 4, 4, 0.05};
  RandomBits bits(2);
  const auto row = rows(1, 4);
  const auto length_of = [&](double cap) {
    const BinomialRows mechanism(spec, p, cap);
    Bytes sent(mechanism.row_bytes());
    std::vector<float> read(4);
    double most = 0;
    for (int i = 0; i < 200; ++i) {
      mechanism.draw(row, bits, sent);
      mechanism.read(sent, read);
      most = std::max(most, std::sqrt(double{read[0]} * read[0] + double{read[1]} * read[1] +
                                      double{read[2]} * read[2] + double{read[3]} * read[3]));
    }
    return most;
  };
  EXPECT_THAT(length_of(0), Gt(0.2));
  EXPECT_THAT(length_of(0.1), Le(0.1 + 1e-6));
}

TEST(BinomialRows, that_are_not_finite_never_leave) {
  const BinomialRows mechanism({1, 4, 4, 0.05}, maps(16, 4));
  auto row = rows(1, 16);
  row[3] = INFINITY;
  RandomBits bits(1);
  Bytes sent(mechanism.row_bytes());
  EXPECT_THAT(error_of([&] { mechanism.draw(row, bits, sent); }), HasSubstr("expected finite values"));
}

TEST(BinomialRows, of_other_widths_than_the_maps_are_refused) {
  EXPECT_EQ(error_of([] {
              BinomialRows({1, 4, 8, 0.05}, maps(16, 4));
            }),
            "width: expected 4, as the encoder and decoder have, found 8");
}

TEST(Releases, of_the_same_row_are_the_same_draw_and_of_others_never) {
  const BinomialRows mechanism({1, 4, 16, 0.05}, maps(32, 16));
  Releases session(mechanism, RandomBits());
  const auto first = Releases::child(0, 7), second = Releases::child(first, 7);
  EXPECT_NE(first, second);
  const auto one = rows(1, 32);
  std::vector<float> twice = one;
  twice.insert(twice.end(), one.begin(), one.end());  // the same token twice: another row each time
  const std::vector<Releases::RowId> ids{first, second};
  const Bytes sent = session.release(twice, ids);
  EXPECT_NE(Bytes(sent.begin(), sent.begin() + 8), Bytes(sent.begin() + 8, sent.end()));
  EXPECT_EQ(session.release(twice, ids), sent);
  EXPECT_EQ(session.drawn(), 2u);
  EXPECT_NE(Releases(mechanism, RandomBits()).release(twice, ids), sent);  // another session draws afresh
  EXPECT_EQ(Releases(mechanism, RandomBits(3)).release(twice, ids),
            Releases(mechanism, RandomBits(3)).release(twice, ids));
}

TEST(Releases, charge_new_rows_only_and_send_nothing_once_the_budget_is_spent) {
  const std::string path = testing::TempDir() + "releases_budget";
  std::filesystem::remove(path);
  const BinomialSpec spec{1, 4, 16, 0.05};
  create_budget(path, {spec, 1e-5, 12, 0});
  const std::uint64_t most = read_budget(path).most_rows();
  ASSERT_THAT(most, Gt(2u));
  Releases session(BinomialRows(spec, maps(32, 16)), RandomBits(1), Budget(path, spec));
  const auto all = rows(static_cast<int>(most) + 1, 32);
  std::vector<Releases::RowId> ids;
  for (std::uint64_t i = 0; i <= most; ++i) ids.push_back(Releases::child(ids.empty() ? 0 : ids.back(), 1));
  EXPECT_THAT(error_of([&] { session.release(all, ids); }), HasSubstr("spent"));
  EXPECT_EQ(session.drawn(), 0u);
  const std::span<const Releases::RowId> fit = std::span(ids).first(most);
  session.release(std::span(all).first(most * 32), fit);
  session.release(std::span(all).first(most * 32), fit);
  EXPECT_EQ(read_budget(path).rows, most);
}

TEST(Projection, is_read_as_it_was_written_and_refused_by_name) {
  const std::string path = testing::TempDir() + "projection.safetensors";
  const auto p = maps(12, 5);
  write_projection(path, *p);
  const Projection found = read_projection(path, 12);
  EXPECT_EQ(found.encoder, p->encoder);
  EXPECT_EQ(found.decoder, p->decoder);
  EXPECT_EQ(found.width, 5);
  EXPECT_EQ(error_of([&] { read_projection(path, 16); }),
            path + ": expected maps of rows of 16, the model's width, found 12");
  Projection no_pair = *p;
  no_pair.width = 4, no_pair.encoder.resize(48);
  Projection other = *p;
  other.width = 3, other.decoder.resize(36);
  const auto view = [](const char* name, const std::vector<float>& v, std::int64_t rows,
                       std::int64_t columns) {
    return TensorView{name, DType::f32, {rows, columns}, std::as_bytes(std::span(v))};
  };
  const TensorView tensors[] = {view("decoder", other.decoder, 12, 3),
                                view("encoder", no_pair.encoder, 4, 12)};
  write_safetensors(path, tensors);
  EXPECT_THAT(error_of([&] { read_projection(path); }), HasSubstr("tensor 'decoder': expected 12 x 4"));
  write_safetensors(path, std::span(tensors).last(1));
  EXPECT_THAT(error_of([&] { read_projection(path); }), HasSubstr("tensor 'decoder' is missing"));
  EXPECT_THAT(error_of([&] { read_projection("/none.safetensors"); }), HasSubstr("/none.safetensors"));
}

}  // namespace
}  // namespace splitwan::engine
