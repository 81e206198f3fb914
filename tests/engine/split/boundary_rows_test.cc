// What a server keeps for checks: rows at its layers' boundaries, and their hashes; whom it answers.
#include "engine/split/boundary_rows.hh"

#include <gmock/gmock.h>

#include <cstring>

#include "engine/split/hello.hh"
#include "engine/split/sha256.hh"
#include "engine/wire/codecs.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;

TEST(Checks, are_answered_only_where_the_hello_asked_for_them_and_about_rows_that_are_there) {
  tests::RandomModel model(Json{{"num_hidden_layers", 6}});
  const LayerStack middle(*model.checkpoint, {1, 5});
  const auto spec = netsim::two_party_network(Nanos(1), 1e9, 1e9);
  const auto asked = [&](const Json& more, const std::function<void(Header&)>& set) {
    MemoryRecorder recorder;
    netsim::Conductor network(netsim::make_ideal_simulator(spec), spec.edges, netsim::reference_cost());
    const PartyMain client = [&](Transport& t, Clock& clock) {
      Party p(0, t, clock, recorder);
      p.send(1, hello(model.config(), middle.range(), lossless_codec(), more));
      p.send(1, encode(at::ones({3, 32}), lossless_codec()));
      Message m;
      m.header = {.kind = Kind::check, .context = 3, .keep = {0, 1, 2}};
      set(m.header);
      p.send(1, m);
      for (const Kind kind : {Kind::welcome, Kind::reply, Kind::commitment}) expect(p.recv(1).message, kind);
      p.send(1, plain(Kind::bye));
    };
    return error_of([&] {
      network.run({{0, client}, {1, [&](Transport& t, Clock& clock) {
                                   Party p(1, t, clock, recorder);
                                   serve_middle(p, 0, model.config(), middle);
                                 }}});
    });
  };
  const Json checks = {{"checks", true}};
  EXPECT_EQ(asked(checks, [](Header&) {}), "");
  EXPECT_THAT(asked(Json::object(), [](Header&) {}),
              HasSubstr("a check in a session that asked for none in its hello"));
  EXPECT_THAT(asked({{"checks", "yes"}}, [](Header&) {}), HasSubstr("asked for none"));
  EXPECT_THAT(asked(checks, [](Header& h) { h.context = 4; }),
              HasSubstr("the client has 4 tokens, the server 3"));
  const auto drawn = [&](std::uint32_t layer, std::uint32_t first, std::uint32_t rows) {
    return asked(
        checks, [=](Header& h) { h = {.kind = Kind::draw, .rows = rows, .context = first, .layer = layer}; });
  };
  EXPECT_THAT(drawn(5, 0, 1), HasSubstr("a draw of layer 5: expected 1 to 4"));
  EXPECT_THAT(drawn(0, 0, 1), HasSubstr("a draw of layer 0: expected 1 to 4"));
  EXPECT_THAT(drawn(1, 0, 1), HasSubstr("a draw of 1 rows after 0: expected 1 to 128 of 0"));
  EXPECT_THAT(drawn(1, 0xffffffff, 0xffffffff), HasSubstr("a draw of 4294967295 rows"));
}

TEST(BoundaryRows, weigh_what_they_hold_and_forget_what_a_failed_call_left) {
  BoundaryRows rows({3, 5}, 4);
  const std::vector<float> a(8, 1), b(8, 2);
  EXPECT_LT(rows.bytes(), 100u);
  rows.begin(lossless_codec());
  rows.see(0, b);  // of a call that failed behind its first layer
  rows.see(0, a);
  rows.see(1, a);
  rows.see(2, b);
  const std::int32_t both[] = {0, 1};
  rows.commit(both);
  EXPECT_GE(rows.bytes(), 3 * 128 * 4 * 4u);
  const Message shown = rows.evidence({.kind = Kind::draw, .rows = 2, .context = 0, .layer = 4});
  EXPECT_EQ(shown.header.rows, 4u);
  std::vector<float> values(16);
  std::memcpy(values.data(), shown.payload.data(), shown.payload.size());
  EXPECT_THAT(std::span(values).first(8), testing::Each(1));
  EXPECT_THAT(std::span(values).subspan(8), testing::Each(2));
}

TEST(Sha256, is_that_of_the_standard) {
  const auto hex = [](const Sha256& hash) {
    std::string text;
    for (const std::byte b : hash.digest()) text += fmt::format("{:02x}", std::to_integer<int>(b));
    return text;
  };
  Sha256 hash;
  EXPECT_EQ(hex(hash), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  hash.add(std::as_bytes(std::span("ab", 2)));
  hash.digest();  // changes nothing
  hash.add(std::as_bytes(std::span("c", 1)));
  EXPECT_EQ(hex(hash),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2, B.1
}

}  // namespace
}  // namespace splitwan::engine
