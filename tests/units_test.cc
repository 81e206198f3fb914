// Values as users write them, and JSON as users write it.
#include "engine/units.hh"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/json_file.hh"
#include "tests/fixtures.hh"

namespace splitwan::engine {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t files_in(const std::string& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

TEST(Units, durations) {
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("1.5us"), 1500ns);
  EXPECT_EQ(parse_duration("80ms"), 80ms);
  EXPECT_EQ(parse_duration("0.0805s"), 80500us);
  EXPECT_EQ(parse_duration("2min"), 120s);
  EXPECT_EQ(parse_duration("0ms"), 0ns);
  EXPECT_EQ(parse_duration("1e3ms"), 1s);
}

TEST(Units, rates_go_by_tens) {
  EXPECT_EQ(parse_rate("9600bit"), 9600);
  EXPECT_EQ(parse_rate("56kbit"), 56e3);
  EXPECT_EQ(parse_rate("100Mbit"), 100e6);
  EXPECT_EQ(parse_rate("2.5Gbit"), 2.5e9);
}

TEST(Units, bytes_go_by_tens_or_by_powers_of_two) {
  EXPECT_EQ(parse_bytes("12B"), 12u);
  EXPECT_EQ(parse_bytes("8kB"), 8000u);
  EXPECT_EQ(parse_bytes("8KiB"), 8192u);
  EXPECT_EQ(parse_bytes("1.5MB"), 1'500'000u);
  EXPECT_EQ(parse_bytes("4MiB"), 4u << 20);
  EXPECT_EQ(parse_bytes("3GB"), 3'000'000'000u);
  EXPECT_EQ(parse_bytes("2GiB"), 2ull << 30);
}

TEST(Units, fractions) {
  EXPECT_EQ(parse_fraction("0"), 0);
  EXPECT_EQ(parse_fraction("0.005"), 0.005);
  EXPECT_DOUBLE_EQ(parse_fraction("0.5%"), 0.005);
  EXPECT_EQ(parse_fraction("100%"), 1);
  EXPECT_THAT(error_of([] { parse_fraction("5"); }), AllOf(HasSubstr("'5'"), HasSubstr("0 to 100%")));
  EXPECT_THAT(error_of([] { parse_fraction("101%"); }), HasSubstr("'101%'"));
}

TEST(Units, a_bad_value_is_named_with_what_was_expected) {
  EXPECT_EQ(error_of([] { parse_duration("80"); }),
            "'80' is not a duration: expected a number and one of ns, us, ms, s, min, as in 80ms");
  EXPECT_THAT(error_of([] { parse_rate("100MB"); }),
              AllOf(HasSubstr("'100MB'"), HasSubstr("bit, kbit, Mbit, Gbit"), HasSubstr("as in 100Mbit")));
  EXPECT_THAT(error_of([] { parse_bytes("8K"); }), AllOf(HasSubstr("'8K'"), HasSubstr("KiB")));
  for (const char* bad :
       {"", "ms", "80 ms", "-1ms", "nanms", "infs", "1e400s", "80msx", "80MS", "0x10ms", "+3ms"}) {
    EXPECT_THAT(error_of([&] { parse_duration(bad); }), HasSubstr("expected a number and one of")) << bad;
  }
}

TEST(Units, what_does_not_fit_is_refused) {
  EXPECT_THAT(error_of([] { parse_duration("1e30s"); }), HasSubstr("'1e30s' is too long"));
  EXPECT_THAT(error_of([] { parse_bytes("1e30B"); }), HasSubstr("'1e30B' is too large"));
}

TEST(Units, lists_are_split_at_every_separator) {
  EXPECT_THAT(split_list("a,b,,c"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split_list("a"), ElementsAre("a"));
  EXPECT_THAT(split_list(""), ElementsAre(""));
  EXPECT_THAT(split_list("2:3", ':'), ElementsAre("2", "3"));
}

TEST(Nearest, finds_the_word_that_was_meant) {
  const std::vector<std::string> known = {"network", "drafter", "prompts", "seed"};
  EXPECT_EQ(nearest("netwrok", known), "network");
  EXPECT_EQ(nearest("draftr", known), "drafter");
  EXPECT_EQ(nearest("seed", known), "seed");
  EXPECT_EQ(nearest("xylophone", known), "");
  EXPECT_EQ(nearest("seed", {}), "");
}

TEST(ObjectReader, reads_what_is_there) {
  const Json json = {{"name", "wan"}, {"rtt", 80}};
  ObjectReader reader(json, "a.json: network");
  EXPECT_EQ(reader.need<std::string>("name"), "wan");
  EXPECT_EQ(reader.get("rtt", 5), 80);
  EXPECT_EQ(reader.get("loss", 0.5), 0.5);
  EXPECT_EQ(reader.find("seed"), nullptr);
  EXPECT_EQ(error_of([&] { reader.done(); }), "");
}

TEST(ObjectReader, an_unknown_key_is_named_with_the_nearest) {
  const Json json = {{"rtt", 80}, {"bandwith", 1}};
  ObjectReader reader(json, "a.json: network");
  reader.need<int>("rtt");
  reader.get("bandwidth", 0);
  EXPECT_EQ(error_of([&] { reader.done(); }),
            "a.json: network: unknown key 'bandwith'; did you mean 'bandwidth'?");
  const Json other = {{"colour_of_the_cable", "red"}};
  EXPECT_EQ(error_of([&] { ObjectReader(other, "a.json").done(); }),
            "a.json: unknown key 'colour_of_the_cable'");
}

TEST(ObjectReader, a_missing_key_and_a_wrong_type_are_named) {
  const Json json = {{"rtt", "slow"}};
  ObjectReader reader(json, "a.json: network");
  EXPECT_EQ(error_of([&] { reader.need<int>("rtt"); }),
            "a.json: network: key 'rtt' has the wrong type: found \"slow\"");
  EXPECT_EQ(error_of([&] { reader.need<int>("loss"); }), "a.json: network: key 'loss' is missing");
  const Json list = Json::array({1});
  EXPECT_EQ(error_of([&] { ObjectReader(list, "a.json"); }), "a.json: expected an object, found array");
}

TEST(JsonFile, may_hold_comments) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", "// why\n{\"a\": 1} // so\n");
  EXPECT_EQ(read_json_file(folder / "a.json"), (Json{{"a", 1}}));
}

TEST(JsonFile, what_cannot_be_read_is_named) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.json";
  EXPECT_EQ(error_of([&] { read_json_file(path); }), path + ": cannot be opened");
  EXPECT_EQ(error_of([&] { read_json_file(folder.string()); }), folder.string() + ": cannot be opened");
  write_file(path, R"({"a": ]})");
  EXPECT_EQ(error_of([&] { read_json_file(path); }), path + ": not valid JSON at byte 7");
  write_file(path, R"({"a": 1e999})");
  EXPECT_EQ(error_of([&] { read_json_file(path); }), path + ": holds a number out of range");
}

TEST(WriteFile, replaces_the_file_and_leaves_nothing_else) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "long ago");
  write_file(folder / "a.txt", "now");
  EXPECT_EQ(text_of(folder / "a.txt"), "now");
  EXPECT_EQ(files_in(folder.string()), 1u);
}

TEST(WriteFile, appears_whole_or_not_at_all) {
  const TemporaryFolder folder;
  const std::string nowhere = folder / "absent/a.txt", taken = folder / "taken";
  EXPECT_EQ(error_of([&] { write_file(nowhere, "x"); }), nowhere + ": cannot be written");
  EXPECT_EQ(files_in(folder.string()), 0u);
  std::filesystem::create_directories(taken + "/inside");
  EXPECT_EQ(error_of([&] { write_file(taken, "x"); }), taken + ": cannot be written");
  EXPECT_EQ(files_in(folder.string()), 1u);
}

}  // namespace
}  // namespace splitwan::engine
