// Whoever predicts bytes predicts those that the codec writes.
#include <gmock/gmock.h>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/wire/codecs.hh"
#include "engine/wire/wire.hh"
#include "netsim/time/replay.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

constexpr auto known = SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json";

Profile profile_with(const std::string& wire) {
  const tests::TemporaryFolder folder;
  engine::Json json = engine::read_json_file(known);
  json["wire"] = wire;
  engine::write_file(folder / "p.json", json.dump());
  return read_profile(folder / "p.json");
}

TEST(WireBytes, a_profiles_rows_weigh_what_the_codec_writes) {
  const std::vector<float> row(4096, 1.f);
  EXPECT_EQ(profile_with("f16").row_bytes, 8192u);
  EXPECT_EQ(profile_with("int8").row_bytes,
            engine::encode_rows(engine::codec_named("int8"), row, 4096).size());
  EXPECT_EQ(profile_with("int4").row_bytes,
            engine::encode_rows(engine::codec_named("int4"), row, 4096).size());
  EXPECT_THAT(tests::error_of([] { profile_with("f8"); }),
              testing::HasSubstr("wire: wire 'f8': expected f32"));
}

TEST(WireBytes, a_replay_with_another_wire_changes_the_rows_and_not_the_headers) {
  constexpr std::uint64_t width = 129, lists = 12;
  const auto bytes = [](const char* type, std::uint32_t rows) {
    return engine::prefix_size + lists + rows * engine::row_bytes(type, width);
  };
  Scripts scripts;
  for (const std::uint32_t rows : {1u, 8u})
    scripts[0].spans.push_back({.op = engine::Op::send, .bytes = bytes("int8", rows), .rows = rows});
  resize_rows(scripts, engine::row_bytes("int8", width), engine::row_bytes("int4", width));
  EXPECT_EQ(scripts[0].spans[0].bytes, bytes("int4", 1));
  EXPECT_EQ(scripts[0].spans[1].bytes, bytes("int4", 8));
}

}  // namespace
}  // namespace splitwan::netsim
