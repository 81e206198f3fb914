// Reading what `splitwan attack` wrote: nothing of it is shown before all of it is checked.
#include <map>
#include <set>

#include "analysis/report/privacy_report.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error, engine::Json, engine::ObjectReader;

constexpr int attack_schema_version = 1;

[[noreturn]] void refuse(ObjectReader& in, const char* key, const char* expected, const Json& found) {
  throw Error("{}: expected {}, found {}", in.path(key), expected, found.dump());
}

double number_in(ObjectReader& in, const char* key, double low, double high, const char* expected) {
  const double value = in.need<double>(key);
  if (!(value >= low && value <= high)) refuse(in, key, expected, value);
  return value;
}

void need_share(ObjectReader& in, const char* key) { number_in(in, key, 0, 1, "a share from 0 to 1"); }

// null is what a run that had nothing to count says; an absent key is not that.
void need_share_or_null(ObjectReader& in, const char* key) {
  if (!in.need<Json>(key).is_null()) need_share(in, key);
}

double at_least_0(ObjectReader& in, const char* key) {
  return number_in(in, key, 0, 1e300, "a number, 0 or above");
}

void need_interval(ObjectReader& in, const char* key) {
  const Json value = in.need<Json>(key);
  const bool pair = value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
  if (!pair || value[0].get<double>() > value[1].get<double>())
    refuse(in, key, "two numbers, the lower first", value);
}

std::string one_of(ObjectReader& in, const char* key, const std::set<std::string>& known,
                   const char* expected) {
  auto value = in.need<std::string>(key);
  if (!known.contains(value)) refuse(in, key, expected, value);
  return value;
}

std::string cut_of(ObjectReader& in) { return one_of(in, "cut", {"input", "output"}, "input or output"); }

// What tells it from every other row, as text.
std::string check_row(ObjectReader& in) {
  const auto cut = cut_of(in);
  const auto target = one_of(in, "target", {"current", "next"}, "current or next");
  const auto depth = in.need<std::uint32_t>("depth");
  const auto attacker = in.need<std::string>("attacker"), defence = in.need<std::string>("defence");
  if (in.find("kind"))
    one_of(in, "kind", {"control", "learned", "search", "direct"}, "control, learned, search or direct");
  const auto seed = in.need<std::uint64_t>("seed");
  const bool known = in.need<bool>("weights_known");
  for (const char* key : {"pairs", "tokens", "documents", "forward_passes"}) in.need<std::uint64_t>(key);
  for (const char* key : {"top1", "exact", "rouge_l", "bleu"}) need_share(in, key);
  for (const char* key : {"top5", "top1_digits", "top1_names", "top1_rare"}) need_share_or_null(in, key);
  need_interval(in, "top1_ci90");
  at_least_0(in, "seconds");
  return Json::array({cut, target, depth, attacker, defence, seed, known}).dump();
}

void check_speed(ObjectReader& in) {
  cut_of(in);
  in.need<std::uint32_t>("depth");
  in.need<std::string>("defence");
  at_least_0(in, "tokens_per_s");
  need_interval(in, "tokens_per_s_ci90");
}

void check_perplexity(ObjectReader& in) {
  in.need<std::string>("defence");
  if (!in.need<Json>("depth").is_null()) in.need<std::uint32_t>("depth");
  for (const char* key : {"perplexity", "undefended"})
    number_in(in, key, 1, 1e300, "a perplexity, 1 or above");
}

// Calls check(reader, index) for each object of the list.
template <typename Check>
void each(const Json& list, const std::string& where, Check check) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    ObjectReader in(list[i], fmt::format("{}[{}]", where, i));
    check(in, i);
  }
}

// An absent list is an empty one: what was not asked for is not in the file.
Json list_or_none(ObjectReader& file, const char* key) {
  const Json* list = file.find(key);
  if (!list) return Json::array();
  if (!list->is_array()) refuse(file, key, "a list", *list);
  return *list;
}

void check_link(const Json& attacks, const std::string& path) {
  ObjectReader file(attacks, path);
  const Json where = file.need<Json>("link");
  ObjectReader link(where, path + ": link");
  for (const char* key : {"rtt_s", "up_bps", "down_bps"}) at_least_0(link, key);
}

}  // namespace

Json read_attacks(const std::string& path) {
  Json attacks = engine::read_json_file(path);
  ObjectReader file(attacks, path);
  const int version = file.need<int>("schema_version");
  if (version != attack_schema_version)
    throw Error("{}: key 'schema_version': expected {}, found {}", path, attack_schema_version, version);
  const Json model = file.need<Json>("model"), documents = file.need<Json>("documents");
  if (!model.is_object()) refuse(file, "model", "an object", model);
  ObjectReader counts(documents, path + ": documents");
  for (const char* key : {"training", "training_tokens", "test", "test_tokens"})
    counts.need<std::uint64_t>(key);
  if (file.get("partial", false)) attacks["partial"] = true;

  const Json rows = file.need<Json>("rows");
  if (!rows.is_array() || rows.empty()) refuse(file, "rows", "a list of at least one row", rows);
  std::map<std::string, std::size_t> seen;
  each(rows, path + ": rows", [&](ObjectReader& in, std::size_t i) {
    const auto [first, added] = seen.emplace(check_row(in), i);
    if (!added)  // the mean over seeds would count it twice
      throw Error(
          "{}: rows[{}]: cut, target, depth, attacker, defence, weights_known and seed are those of rows[{}]",
          path, i, first->second);
  });
  attacks["perplexity"] = list_or_none(file, "perplexity");
  each(attacks["perplexity"], path + ": perplexity",
       [](ObjectReader& in, std::size_t) { check_perplexity(in); });
  attacks["speed"] = list_or_none(file, "speed");
  each(attacks["speed"], path + ": speed", [](ObjectReader& in, std::size_t) { check_speed(in); });
  if (!attacks["speed"].empty()) check_link(attacks, path);  // a rate means nothing without its link
  return attacks;
}

}  // namespace splitwan::analysis
