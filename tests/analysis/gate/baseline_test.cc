// The baseline file: what goes in comes out, and what is not as written is refused.
#include <gmock/gmock.h>

#include <fstream>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/gate_fixture.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;
using testing::ElementsAre, testing::HasSubstr, testing::IsEmpty, testing::SizeIs, testing::StartsWith;

const ScenarioRecord& record() {
  static const ScenarioRecord one = [] {
    auto r = tests::GateCell().record();
    r.fingerprint = {{"scenario", "0123"}, {"seed", 1}, {"instruction_sets", {"avx2"}}};
    r.cells[0].runs[0].prompt = "\"quoted\"\n</script>";
    return r;
  }();
  return one;
}

class BaselineFile : public testing::Test {
 protected:
  tests::TemporaryFolder folder;
  std::string path = folder / "baseline.json";
  std::string text = text_of(tests::baseline_of(record()));

  void write(const std::string& what) { engine::write_file(path, what); }
  std::string refusal(const std::string& what) {
    write(what);
    try {
      read_baseline(path);
    } catch (const Error& e) {
      return e.what();
    }
    return "was read";
  }
  std::string with(const std::string& from, const std::string& to) {
    std::string changed = text;
    const auto at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return changed.replace(at, from.size(), to);
  }
};

TEST_F(BaselineFile, keeps_every_step_message_and_job_exactly) {
  write(text);
  const Baseline read = read_baseline(path);
  ASSERT_THAT(read.scenarios, SizeIs(1));
  const ScenarioRecord& found = read.scenarios[0];
  EXPECT_EQ(found.name, "planted");
  EXPECT_EQ(found.fingerprint, record().fingerprint);
  EXPECT_EQ(found.settings, record().settings);
  ASSERT_THAT(found.cells, SizeIs(1));
  EXPECT_EQ(found.cells[0].metrics, record().cells[0].metrics);
  ASSERT_THAT(found.cells[0].runs, SizeIs(1));
  EXPECT_THAT(found.cells[0].runs[0].steps, SizeIs(22));  // greetings, the prompt, 20 more
  EXPECT_EQ(found.cells[0].runs, record().cells[0].runs);
  EXPECT_EQ(text_of(read), text) << "and is written again as it was";
}

TEST_F(BaselineFile, has_a_line_for_each_step) {
  std::istringstream lines(text);
  int steps = 0;
  for (std::string line; std::getline(lines, line);) steps += line.starts_with("        [");
  EXPECT_EQ(steps, 22);
}

TEST_F(BaselineFile, holds_scenarios_in_order_of_their_names_whatever_came_first) {
  ScenarioRecord a = record(), b = record();
  a.name = "a", b.name = "b";
  Baseline one, two;
  one.put(a), one.put(b);
  two.put(b), two.put(a), two.put(b);
  EXPECT_EQ(text_of(one), text_of(two));
}

TEST_F(BaselineFile, cut_anywhere_it_is_refused_by_its_name) {
  for (std::size_t length = 0; length < text.size() - 1; length += 97)
    EXPECT_THAT(refusal(text.substr(0, length)), StartsWith(path)) << length;
}

TEST_F(BaselineFile, says_what_is_wrong_and_where) {
  EXPECT_THAT(refusal(with("\"schema_version\": 1", "\"schema_version\": 9")),
              HasSubstr("schema_version: expected 1, found 9: remove the file, and --update writes it anew"));
  EXPECT_THAT(refusal(with("gate-baseline", "summary")), HasSubstr("kind: expected gate-baseline"));
  EXPECT_THAT(refusal(with("\"prompt\": ", "\"prompts\": ")), HasSubstr("scenarios[0]: cells[0]: runs[0]"));
  EXPECT_THAT(refusal(with("[1,true,", "[-1,true,")),
              HasSubstr("steps[1]: value 1: expected no negative number, found -1"));
  EXPECT_THAT(refusal(with("[1,true,", "[1,1,")),
              HasSubstr("steps[1]: value 2: expected true or false, found 1"));
  EXPECT_THAT(refusal(with("[1,true,", "[1,")), HasSubstr("steps[1]: expected a list of 9 values, found 8"));
  EXPECT_THAT(refusal(with("tokens_per_s\":", "tokens_per_second\":")),
              HasSubstr("metric 'tokens_per_second': expected one of tokens_per_s, "));
}

TEST_F(BaselineFile, edited_by_hand_it_is_refused) {
  EXPECT_THAT(refusal(with("\"tokens_per_step\":2.5", "\"tokens_per_step\":2.4")),
              HasSubstr("not those of its own steps: edited by hand?"));
}

TEST(Fingerprint, names_each_key_that_differs) {
  EXPECT_THAT(fingerprint_differs({{"model", "a"}, {"seed", 1}}, {{"model", "b"}, {"seed", 1}}),
              ElementsAre("model: baseline a, now b"));
  EXPECT_THAT(fingerprint_differs({{"seed", 1}}, {{"seed", 2}, {"file x", "h"}}),
              ElementsAre("seed: baseline 1, now 2", "file x: baseline none, now h"));
}

TEST(Fingerprint, agrees_where_one_instruction_set_is_among_those_recorded) {
  const Json both = {{"instruction_sets", {"avx2", "avx512"}}}, one = {{"instruction_sets", {"avx2"}}};
  EXPECT_THAT(fingerprint_differs(both, one), IsEmpty());
  EXPECT_THAT(fingerprint_differs(both, {{"instruction_sets", {"portable"}}}),
              ElementsAre(R"(instruction_sets: baseline ["avx2","avx512"], now ["portable"])"));
}

}  // namespace
}  // namespace splitwan::analysis
