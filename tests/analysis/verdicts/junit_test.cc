// A gate as a test report, against the schema that the readers of such reports share.
#include "analysis/verdicts/junit.hh"

#include <gmock/gmock.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"
#include "tests/analysis/verdicts/gate_results.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::analysis {
namespace {

using Tree = boost::property_tree::ptree;
using testing::ElementsAre, testing::HasSubstr;

Tree suites_of(const GateResult& result) {
  std::istringstream in(junit_xml(result, 1767225600));
  Tree tree;
  read_xml(in, tree);
  return tree.get_child("testsuites");
}

std::string attribute(const Tree& element, const std::string& name) {
  return element.get<std::string>("<xmlattr>." + name);
}

// What a reader takes from the whole report, in order.
std::vector<std::string> read(const GateResult& result, bool messages) {
  std::vector<std::string> cases;
  for (const auto& [_, suite] : suites_of(result))
    for (const auto& [name, element] : suite) {
      if (name != "testcase") continue;
      std::string text = attribute(element, "classname") + "/" + attribute(element, "name");
      for (const auto& [outcome, child] : element)
        if (outcome != "<xmlattr>")
          text += " " + outcome + (messages ? " " + attribute(child, "message") : "");
      cases.push_back(text);
    }
  return cases;
}

TEST(JunitReport, has_a_case_for_each_row_that_fails_where_it_is_worse) {
  const std::string far = "gate-plain/80 ms, 100 Mbit/s, ngram: ",
                    near = "gate-plain/20 ms, 100 Mbit/s, ngram: ";
  EXPECT_THAT(read(tests::gate_of_everything(), false),
              ElementsAre(far + "tokens_per_s failure", far + "bytes_per_token failure", far + "ttft_s",
                          far + "tokens_per_step", near + "tokens_per_s", near + "bytes_per_token",
                          "gate-del/fingerprint skipped", "gate-del/compute: head"));
}

TEST(JunitReport, of_a_strict_gate_fails_wherever_a_value_is_another) {
  GateResult r = tests::gate_of_everything();
  r.strict = true;
  EXPECT_EQ(read(r, false)[2], "gate-plain/80 ms, 100 Mbit/s, ngram: ttft_s failure");
  EXPECT_EQ(attribute(suites_of(r).front().second, "failures"), "3");
  EXPECT_THAT(junit_xml(r, 0), HasSubstr("type=\"differs\""));
}

TEST(JunitReport, says_in_each_outcome_what_its_row_says) {
  const auto r = tests::gate_of_everything();
  const auto cases = read(r, true);
  ASSERT_EQ(cases.size(), 8u);
  EXPECT_THAT(cases[0], testing::EndsWith(" failure " + sentence(r.rows[0])));
  EXPECT_THAT(
      cases[6],
      testing::EndsWith(
          " skipped inconclusive: not the same experiment, not compared: model: baseline 1a2b, now 3c4d"));
}

TEST(JunitReport, repeats_it_where_readers_show_the_text_alone) {
  const auto r = tests::gate_of_everything();
  const Tree first = suites_of(r).front().second.get_child("testcase");
  EXPECT_EQ(first.get<std::string>("failure"), sentence(r.rows[0]) + "\n");
  GateResult measured = r;
  measured.rows = {r.rows.back()};
  measured.rows[0].verdict = Verdict::regressed;
  const Tree only = suites_of(measured).front().second.get_child("testcase");
  EXPECT_EQ(only.get<std::string>("failure"),
            sentence(measured.rows[0]) + "\n" + measured_text(*measured.rows[0].measured) + "\n");
}

TEST(JunitReport, counts_cases_per_scenario_and_keeps_notes_as_output) {
  const Tree suites = suites_of(tests::gate_of_everything());
  std::vector<std::string> counts;
  for (const auto& [_, s] : suites)
    counts.push_back(attribute(s, "id") + " " + attribute(s, "name") + " " + attribute(s, "tests") + " " +
                     attribute(s, "failures") + " " + attribute(s, "errors") + " " + attribute(s, "skipped"));
  EXPECT_THAT(counts, ElementsAre("0 gate-plain 6 2 0 0", "1 gate-del 2 0 0 1"));
  const auto out = suites.front().second.get<std::string>("system-out");
  EXPECT_THAT(out, testing::StartsWith("regressed: 2 of 8 values"));
  EXPECT_THAT(out, HasSubstr("\ngate-cascade is in the baseline and was not run\n"));
  EXPECT_THAT(out, HasSubstr("ttft_s: pass, 0.5 -> 0.500001 s (+0.0002 %): 1 % allowed"));
  EXPECT_THAT(suites.back().second.get<std::string>("system-out"), HasSubstr("\ncompute: head: improved, "));
}

TEST(JunitReport, carries_any_name_as_text) {
  const auto r = tests::gate_of_hostile_names();
  const auto cases = read(r, true);
  const std::string name = engine::one_line(tests::hostile);
  ASSERT_EQ(cases.size(), 8u);
  EXPECT_EQ(cases[0], name + "/" + name + ": " + name + " failure " + sentence(r.rows[0]));
  const std::string xml = junit_xml(r, 0);
  for (const char c : xml) ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= ' ') << int(c);
}

TEST(JunitReport, is_dated_by_the_clock_or_as_the_environment_says) {
  EXPECT_THAT(junit_xml({}, 1767225600), HasSubstr("timestamp=\"2026-01-01T00:00:00\""));
  setenv("SOURCE_DATE_EPOCH", "86400", 1);
  EXPECT_EQ(junit_xml(tests::gate_of_everything()), junit_xml(tests::gate_of_everything(), 86400));
  unsetenv("SOURCE_DATE_EPOCH");
  EXPECT_EQ(junit_xml({}).find("timestamp=\"1970"), std::string::npos);
}

class JunitSchema : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("xmllint --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "xmllint is absent";
  }
  // "" or what the schema says against it.
  std::string objection_to(const std::string& xml) const {
    std::ofstream(folder_ / "report.xml") << xml;
    const std::string schema = SPLITWAN_SOURCE_DIR "/tests/analysis/verdicts/junit_report.xsd";
    const std::string command =
        "xmllint --huge --noout --schema '" + schema + "' " + folder_ / "report.xml 2> ";
    if (std::system((command + folder_ / "said").c_str()) == 0) return "";
    std::stringstream said;
    said << std::ifstream(folder_ / "said").rdbuf();
    return said.str();
  }
  tests::TemporaryFolder folder_;
};

TEST_F(JunitSchema, takes_every_report) {
  for (const GateResult& r : {tests::gate_of_everything(), tests::gate_of_hostile_names(), GateResult{},
                              tests::gate_of_many_rows()})
    EXPECT_EQ(objection_to(junit_xml(r)), "");
  GateResult unnamed;
  unnamed.rows = {{"", "", "", "", false, 1, 2, Verdict::regressed, "", {}}};
  EXPECT_EQ(objection_to(junit_xml(unnamed)), "");
}

TEST_F(JunitSchema, refuses_planted_faults) {
  const std::string good = junit_xml(tests::gate_of_everything());
  const std::pair<const char*, const char*> faults[] = {{" time=\"0\"", ""},
                                                        {"<properties/>", ""},
                                                        {"<system-err/>", ""},
                                                        {" timestamp=\"", " timestamp=\"Monday "},
                                                        {" type=\"regressed\"", " kind=\"regressed\""},
                                                        {" failures=\"2\"", " failures=\"two\""},
                                                        {"<skipped", "<ignored"}};
  for (const auto& [from, to] : faults) {
    std::string bad = good;
    ASSERT_NE(bad.find(from), std::string::npos) << from;
    bad.replace(bad.find(from), std::string(from).size(), to);
    EXPECT_NE(objection_to(bad), "") << from;
  }
}

}  // namespace
}  // namespace splitwan::analysis
