#include "analysis/report/frontier.hh"

#include <algorithm>

#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error, engine::Json, engine::ObjectReader;

void need_interval(ObjectReader& in, const char* key, double low, double high) {
  const double value = in.number(key, low, high);
  const std::string between = std::string(key) + "_ci90";
  const Json& ends = in.at(between);
  const bool pair = ends.is_array() && ends.size() == 2 && ends[0].is_number() && ends[1].is_number();
  if (!pair || ends[0].get<double>() > value || ends[1].get<double>() < value)
    throw Error("{}: expected two numbers around {}, found {}", in.path(between), value, ends.dump());
}

void check_judged(ObjectReader& in) {
  need_interval(in, "perplexity", 1, 1e300);
  need_interval(in, "agreement", 0, 1);
  need_interval(in, "attack_success", 0, 1);
  in.need<std::string>("attack");
}

void check_cell(ObjectReader& in) {
  check_judged(in);
  in.number("mu", 0, 1e9), in.number("epsilon", 0, 1e300), in.number("bits_per_token", 1, 1e9);
  in.whole("bits", 1, 16), in.whole("width", 1, 1 << 16);
}

template <typename Check>
void every(const Json& list, const std::string& where, Check check) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    ObjectReader in(list[i], fmt::format("{}[{}]", where, i));
    check(in);
  }
}

bool beats(const Json& a, const Json& b) {
  bool better = false;
  for (const char* key : {"attack_success", "perplexity", "bits_per_token"}) {
    const double x = a[key].get<double>(), y = b[key].get<double>();
    if (x > y) return false;
    better |= x < y;
  }
  return better;
}

Json remarks(const Json& study) {
  Json said = Json::array();
  const auto& cells = study["cells"];
  double least = cells[0]["epsilon"].get<double>(), most = least;
  for (const Json& c : cells)
    least = std::min(least, c["epsilon"].get<double>()), most = std::max(most, c["epsilon"].get<double>());
  said.push_back(fmt::format("Formal: a token's epsilon is {:.4g} to {:.4g} at delta {:g}{}.", least, most,
                             cells[0]["delta"].get<double>(),
                             least > 10  ? ", no meaningful guarantee in any cell"
                             : most > 10 ? "; above about 10 it is no meaningful guarantee"
                                         : ""));
  said.push_back(
      "Empirical: the share of tokens is what the strongest of these attackers found, a lower bound of what "
      "leaks.");
  if (study["cells"][0].value("mode", "") == "as published")
    said.push_back(
        "As published, only the prompt goes through the mechanism; the server writes the answer and knows "
        "it.");
  return said;
}

}  // namespace

Json read_del_study(const std::string& path) {
  Json study = engine::read_json_file(path);
  ObjectReader file(study, path);
  if (const int version = file.need<int>("schema_version"); version != 1)
    throw Error("{}: key 'schema_version': expected 1, found {}", path, version);
  if (const auto kind = file.need<std::string>("study"); kind != "del")
    throw Error("{}: key 'study': expected del, found {}", path, kind);
  file.need<std::string>("name");
  ObjectReader(file.at("clean"), path + ": clean").number("perplexity", 1, 1e300);
  const Json cells = file.need<Json>("cells");
  if (!cells.is_array() || cells.empty())
    throw Error("{}: cells: expected a list of at least one cell", path);
  every(cells, path + ": cells", check_cell);
  if (file.find("baselines")) every(study["baselines"], path + ": baselines", check_judged);
  return study;
}

Json frontier_data(const Json& study) {
  Json data = {{"name", study["name"]},
               {"partial", study.value("partial", false)},
               {"clean", study["clean"]},
               {"cells", study["cells"]},
               {"baselines", study.value("baselines", Json::array())},
               {"calibrated", study.value("calibrated", Json::array())},
               {"remarks", remarks(study)}};
  for (Json& cell : data["cells"])
    cell["best"] =
        std::ranges::none_of(study["cells"], [&](const Json& other) { return beats(other, cell); });
  return data;
}

}  // namespace splitwan::analysis
