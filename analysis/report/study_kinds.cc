#include "analysis/report/study_kinds.hh"

#include <algorithm>
#include <cmath>

#include "analysis/report/markdown.hh"
#include "analysis/report/studied.hh"

namespace splitwan::analysis {
namespace {

using engine::Error, engine::Json, engine::ObjectReader;

const StudyKind* const study_kinds[] = {&del_study, &systems_study, &cascade_study};

const StudyKind& study_kind_of(const std::string& name, const std::string& path) {
  std::vector<std::string> known;
  for (const StudyKind* kind : study_kinds) {
    if (name == kind->name) return *kind;
    known.emplace_back(kind->name);
  }
  throw Error("{}: key 'study': expected {}, found {}", path, fmt::join(known, " or "), name);
}

Json picked(const Json& row, const std::vector<std::string>& keys) {
  Json values = Json::array();
  for (const std::string& key : keys) values.push_back(row[key]);
  return values;
}

}  // namespace

void need_entries(ObjectReader& file, const std::string& key) {
  if (file.list(key).empty()) throw Error("{}: expected at least one entry, found none", file.path(key));
}

void need_distinct(ObjectReader& file, const std::string& key, const std::vector<std::string>& by) {
  need_entries(file, key);
  std::vector<Json> seen;
  for (const Json& row : file.list(key)) {
    seen.push_back(picked(row, by));
    const auto first = std::find(seen.begin(), seen.end(), seen.back()) - seen.begin();
    if (first + 1 != std::ssize(seen))
      throw Error("{}[{}]: expected another {} than in [{}], found the same", file.path(key), seen.size() - 1,
                  fmt::join(by, ", "), first);
  }
}

bool given(ObjectReader& in, const std::string& key) {
  const Json* value = in.find(key);
  return value && !value->is_null();
}

void need_estimate(ObjectReader& in, const std::string& key, double low, double high) {
  const double value = in.number(key, low, high), rounding = 1e-12 * std::abs(value);
  const std::string between = key + "_ci90";
  const Json& ends = in.at(between);
  const bool pair = ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
  if (!pair || ends[0].get<double>() > value + rounding || ends[1].get<double>() < value - rounding)
    throw Error("{}: expected two numbers around {}, found {}", in.path(between), value, ends.dump());
}

std::string with_interval(const Json& row, const std::string& key, double times, int digits) {
  const Json& ends = row[key + "_ci90"];
  return fmt::format("{} ({} to {})", markdown::number_cell(row[key], times, digits),
                     markdown::number_cell(ends[0], times, digits),
                     markdown::number_cell(ends[1], times, digits));
}

std::vector<Json> distinct(const Json& rows, const std::string& key) {
  std::vector<Json> values;
  for (const Json& row : rows)
    if (std::find(values.begin(), values.end(), row[key]) == values.end()) values.push_back(row[key]);
  return values;
}

Json read_study(const std::string& path) {
  Json study = engine::read_json_file(path);
  ObjectReader file(study, path);
  if (const int version = file.need<int>("schema_version"); version != 1)
    throw Error("{}: key 'schema_version': expected 1, found {}", path, version);
  const StudyKind& kind = study_kind_of(file.need<std::string>("study"), path);
  file.need<std::string>("name");
  file.get("partial", false);
  kind.check(file);
  return study;
}

Json studied_data(const Json& study) {
  Json data = {{"schema_version", 1}};
  for (const char* key : {"study", "name", "partial", "commit", "machine"})
    data[key] = study.value(key, Json());
  data["partial"] = study.value("partial", false);
  data.update(study_kind_of(study["study"].get<std::string>(), "study").told(study));
  if (data["partial"].get<bool>())
    data["remarks"].push_back("The study was stopped before its end: some of it is missing.");
  return data;
}

std::string markdown::studied(const Json& data) {
  if (data.is_null()) return "";
  std::string out = fmt::format("\n## {}\n\n", text(data["heading"]));
  for (const Json& remark : data["remarks"]) out += fmt::format("- {}\n", text(remark));
  return out + "\n" + study_kind_of(data["study"].get<std::string>(), "study").tables(data);
}

}  // namespace splitwan::analysis
