// Values as users write them, and JSON as users write it.
#include "engine/base/units.hh"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/base/json_file.hh"
#include "engine/base/nearest.hh"
#include "engine/base/output_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

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
  EXPECT_EQ(error_of([] { parse_duration("1.1e18ns"); }), "'1.1e18ns' is too long a duration")
      << "two of them could not be added";
  EXPECT_THAT(error_of([] { parse_rate("1e300Gbit"); }), HasSubstr("is not a rate"));
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
            "a.json: network: key 'rtt': expected a whole number, found \"slow\"");
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
  EXPECT_EQ(error_of([&] { read_json_file(folder.string()); }),
            folder.string() + ": cannot be opened: expected a file, found a folder");
  write_file(path, R"({"a": ]})");
  EXPECT_EQ(error_of([&] { read_json_file(path); }), path + ": not valid JSON at byte 7");
  write_file(path, R"({"a": 1e999})");
  EXPECT_EQ(error_of([&] { read_json_file(path); }), path + ": holds a number out of range");
}

TEST(JsonFile, nesting_that_would_exhaust_the_stack_is_refused) {
  const TemporaryFolder folder;
  write_file(folder / "a.json", std::string(1'000'000, '[') + std::string(1'000'000, ']'));
  EXPECT_THAT(error_of([&] { read_json_file(folder / "a.json"); }), HasSubstr("nested over 100 deep"));
  EXPECT_FALSE(nests_too_deeply("{\"[[[\\\"[[\": [1]} // \" [[[", 2));
  EXPECT_TRUE(nests_too_deeply("// don't \"\n[[[", 2));
}

}  // namespace
}  // namespace splitwan::engine
