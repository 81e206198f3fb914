#include "analysis/verdicts/junit.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cstdlib>
#include <sstream>

#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

using Tree = boost::property_tree::ptree;

// Readers take no empty names.
std::string name_text(const std::string& text) { return text.empty() ? "unnamed" : engine::one_line(text); }

void put_attribute(Tree& element, const char* name, const std::string& value) {
  element.put(Tree::path_type(fmt::format("<xmlattr>/{}", name), '/'), value);
}

std::string case_name(const GateRow& row) {
  return row.cell.empty() ? name_text(row.metric) : engine::one_line(row.cell + ": " + row.metric);
}

Tree testcase(const GateResult& result, const GateRow& row) {
  Tree element;
  put_attribute(element, "name", case_name(row));
  put_attribute(element, "classname", name_text(row.scenario));
  put_attribute(element, "time", "0");  // a row is read off a run, and takes none
  const Verdict counted = outcome_of(result, row);
  const bool failed = counted == Verdict::regressed;
  if (!failed && counted != Verdict::inconclusive) return element;
  Tree& outcome = element.add(failed ? "failure" : "skipped", "");
  put_attribute(outcome, "message", sentence(row));
  if (failed) put_attribute(outcome, "type", row.verdict == counted ? "regressed" : "differs");
  outcome.data() = sentence(row) + "\n";  // some readers show this alone
  if (row.measured) outcome.data() += measured_text(*row.measured) + "\n";
  return element;
}

std::string output_of(const ScenarioRows& suite) {
  std::string text;
  for (const GateRow* row : suite.rows)
    if (differs(*row)) text += case_name(*row) + ": " + sentence(*row) + "\n";
  return text;
}

std::string date_text(std::time_t when) { return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(when)); }

Tree testsuite(const GateResult& result, const ScenarioRows& suite, std::size_t id, const std::string& output,
               std::time_t when) {
  std::size_t failures = 0, skipped = 0;
  for (const GateRow* row : suite.rows) {
    failures += outcome_of(result, *row) == Verdict::regressed;
    skipped += outcome_of(result, *row) == Verdict::inconclusive;
  }
  Tree element;
  put_attribute(element, "name", name_text(suite.scenario));
  put_attribute(element, "package", "splitwan.gate");
  put_attribute(element, "id", std::to_string(id));
  put_attribute(element, "timestamp", date_text(when));
  put_attribute(element, "hostname", "localhost");
  put_attribute(element, "tests", std::to_string(suite.rows.size()));
  put_attribute(element, "failures", std::to_string(failures));
  put_attribute(element, "errors", "0");
  put_attribute(element, "skipped", std::to_string(skipped));
  put_attribute(element, "time", "0");
  element.add("properties", "");
  for (const GateRow* row : suite.rows) element.add_child("testcase", testcase(result, *row));
  element.add("system-out", output);
  element.add("system-err", "");
  return element;
}

}  // namespace

std::string junit_xml(const GateResult& result, std::time_t when) {
  std::vector<ScenarioRows> suites = by_scenario(result);
  if (suites.empty()) suites.push_back({"gate", {}});
  std::string notes;
  for (const std::string& note : result.notes) notes += engine::one_line(note) + "\n";

  Tree document;
  Tree& all = document.add("testsuites", "");
  for (std::size_t i = 0; i < suites.size(); ++i) {
    const std::string first = i == 0 ? verdict_line(result) + "\n" + notes : "";
    all.add_child("testsuite", testsuite(result, suites[i], i, first + output_of(suites[i]), when));
  }
  std::ostringstream out;
  write_xml(out, document, boost::property_tree::xml_writer_make_settings<std::string>(' ', 1));
  return out.str();
}

std::string junit_xml(const GateResult& result) {
  const char* stated = std::getenv("SOURCE_DATE_EPOCH");
  const long long seconds = stated ? std::strtoll(stated, nullptr, 10) : 0;
  return junit_xml(result, seconds > 0 ? static_cast<std::time_t>(seconds) : std::time(nullptr));
}

}  // namespace splitwan::analysis
