// A connection that breaks in the middle, from outside: what must happen once happens once.
#include "tests/fixtures/cutting_relay.hh"
#include "tests/fixtures/live_server.hh"

namespace splitwan::tests {
namespace {

using nlohmann::json;

const std::string maps = SPLITWAN_SOURCE_DIR "/scenarios/demo-del/width-32";
constexpr std::array shares = {0.2, 0.45, 0.7, 0.95};  // of an unbroken run's bytes

// What it prints when its first connection is cut behind so many bytes; 0: never. Adds those that passed.
json over_a_cut(const Server& server, const std::string& asked, std::uint64_t after, std::uint64_t& passed) {
  CuttingRelay relay(engine::parse_endpoint(address(server.announced())), [after](int number) {
    return number == 0 && after > 0 ? Cut{How::reset, after} : Cut{};
  });
  const Outcome o = splitwan("generate --model " + demo_model + " --prompt 'once upon a time' --ignore-eos " +
                             "--max-new-tokens 12 --json --max-outage 30s " + asked + " --server " +
                             relay.address().text());
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(relay.cuts(), after > 0 ? 1 : 0);
  passed += relay.bytes();
  const json said = o.code == 0 ? o.json() : json();
  EXPECT_EQ(said.value("outages", json{{"count", 0}})["count"], relay.cuts());
  return said;
}

TEST(Outage, under_del_is_charged_once) {
  const TemporaryFolder folder;
  const std::string budget = folder / "budget.json";
  ASSERT_EQ(splitwan("privacy --mu 20 --bits 4 --width 32 --epsilon 100000 -o " + budget).code, 0);
  Server server({"--model", demo_model, "--layers", "0:10", "--maps", maps});
  const std::string asked = "--maps " + maps + " --mu 20 --bits 4 --budget " + budget;
  std::uint64_t bytes = 0, ignored = 0;
  const json whole = over_a_cut(server, asked, 0, bytes);
  const int rows = whole["privacy"]["rows"];
  int charged = rows;
  for (const double share : shares) {
    const json cut =
        over_a_cut(server, asked, static_cast<std::uint64_t>(share * static_cast<double>(bytes)), ignored);
    EXPECT_EQ(cut["privacy"]["rows"], rows) << share;
    EXPECT_EQ(splitwan("privacy --json --budget " + budget).json()["rows"], charged += rows) << share;
  }
}

TEST(Outage, in_the_middle_of_checks_leaves_none_out_and_none_failing) {
  Server server({"--model", demo_model, "--layers", "2:10"});
  const std::string asked = "--check-steps 1 --check-draws 2";
  std::uint64_t bytes = 0, ignored = 0;
  const json whole = over_a_cut(server, asked, 0, bytes);
  for (const double share : shares) {
    const json cut =
        over_a_cut(server, asked, static_cast<std::uint64_t>(share * static_cast<double>(bytes)), ignored);
    EXPECT_EQ(cut["output_ids"], whole["output_ids"]) << share;
    for (const char* key : {"made", "passed"}) EXPECT_EQ(cut["checks"][key], whole["checks"][key]) << share;
  }
}

}  // namespace
}  // namespace splitwan::tests
