// `splitwan link --probe`, and who reads what it wrote.
#include <gmock/gmock.h>

#include <fstream>

#include "engine/base/json_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/read/network_choice.hh"
#include "tests/fixtures/measuring_server.hh"
#include "tests/fixtures/said_fields.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;
using testing::HasSubstr;

// What it prints; refusals of the command line throw CLI::ParseError.
std::string said(const std::vector<std::string>& words) {
  CLI::App app;
  std::function<int()> chosen;
  add_plain_commands(app, chosen);
  app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  ::testing::internal::CaptureStdout();
  try {
    EXPECT_EQ(chosen(), 0);
    std::fflush(stdout);
  } catch (...) {
    ::testing::internal::GetCapturedStdout();
    throw;
  }
  return ::testing::internal::GetCapturedStdout();
}

class LinkProbe : public testing::Test {
 protected:
  LinkProbe() {
    std::ofstream(folder_ / "t.jsonl") << tests::trace_text(tests::synthesise({}));
    said({"fit", folder_ / "t.jsonl", "-o", model_});
  }
  std::string probe(std::vector<std::string> more) {
    more.insert(more.begin(), {"link", "--probe", server_.address().text(), "-o", path_});
    return said(more);
  }
  const tests::TemporaryFolder folder_;
  const std::string model_ = folder_ / "model.json", path_ = folder_ / "path.json";
  const tests::MeasuringServer server_{{"127.0.0.1", 0}};
};

TEST_F(LinkProbe, says_what_the_path_carries_and_what_a_model_expects_there) {
  const auto j = nlohmann::json::parse(probe({"--model", model_, "--json", "--timeout", "20s"}));
  EXPECT_GE(tests::expect_said(j, "link"), 30u);
  EXPECT_EQ(j["path"], server_.address().text());
  EXPECT_LT(j["elapsed_s"], 10);
  ASSERT_FALSE(j["projection"]["points"].empty());
  const auto& point = j["projection"]["points"][0];
  EXPECT_EQ(point["rtt_s"], j["link"]["rtt_s"]);
  EXPECT_EQ(point["up_bps"], j["link"]["up_bps"]);
  EXPECT_LE(point["tokens_per_s_ci90"][0], point["tokens_per_s"]);
  EXPECT_GE(point["tokens_per_s_ci90"][1], point["tokens_per_s"]);
  // Asked again of the file, the model says the same.
  const auto again = nlohmann::json::parse(said({"project", model_, "--probe", path_, "--json"}));
  EXPECT_EQ(again["points"], j["projection"]["points"]);
  // Whoever emulates a link reads it too.
  const NetworkChoice n = parse_link("probe=" + path_ + ",jitter=3ms");
  EXPECT_NEAR(engine::seconds(n.rtt()), j["link"]["rtt_s"], 1e-8);
  EXPECT_EQ(n.up.bits_per_second, j["link"]["up_bps"]);
  EXPECT_EQ(n.up.jitter.scale, std::chrono::milliseconds(3));
  EXPECT_THAT(n.unknown, testing::Contains(HasSubstr("initial window")));
}

TEST_F(LinkProbe, is_for_people_where_no_json_is_asked_for) {
  const std::string text = probe({});
  for (const char* words : {"round trip  least", "connecting  ", "up    ", "down  ", "Mbit/s", "not told: "})
    EXPECT_THAT(text, HasSubstr(words));
  EXPECT_THAT(text, testing::Not(HasSubstr("tokens/s")));
}

TEST(LinkProbeOptions, that_make_no_sense_together_are_refused) {
  EXPECT_THROW(said({"link", "--model", "m.json"}), CLI::RequiresError);
  EXPECT_THROW(said({"link", "--probe", "far:1", "--client", "true"}), CLI::ExcludesError);
  EXPECT_THAT(tests::error_of([] {
                said({"link", "--probe", "far"});
              }),
              HasSubstr("'far' is not an address"));
  EXPECT_THAT(tests::error_of([] { said({"link", "--probe", "192.0.2.1:1"}); }), HasSubstr("--insecure"));
  EXPECT_THAT(tests::error_of([] {
                said({"link", "--probe", "127.0.0.1:1", "--model", "/none.json"});
              }),
              HasSubstr("/none.json"));
}

}  // namespace
}  // namespace splitwan::scenarios
