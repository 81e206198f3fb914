// Every system on one chart: a row for each over each link.
// told: {links (names), systems {system, and what holds of it over every link}, rows (the file's)}.
#include <algorithm>

#include "analysis/report/markdown.hh"
#include "analysis/report/study_kinds.hh"

namespace splitwan::analysis {
namespace {

using engine::Error, engine::Json, engine::ObjectReader;

// What of a system is the same over every link.
constexpr const char* of_the_system[] = {"perplexity",
                                         "perplexity_ci90",
                                         "attack",
                                         "attack_success",
                                         "attack_success_ci90",
                                         "attack_passes_per_token",
                                         "epsilon",
                                         "meaning",
                                         "parties",
                                         "non_colluding",
                                         "own_share"};

void check_attack(ObjectReader& in) {
  if (given(in, "attack")) {
    in.need<std::string>("attack");
    need_estimate(in, "attack_success", 0, 1);
  } else {
    in.at("attack");
    for (const char* key : {"attack_success", "attack_success_ci90"})
      if (const Json& found = in.at(key); !found.is_null())
        throw Error("{}: expected null where 'attack' is, found {}", in.path(key), found.dump());
  }
  if (!in.at("attack_passes_per_token").is_null()) in.number("attack_passes_per_token", 0, 1e300);
}

void check_system(ObjectReader& in) {
  for (const char* key : {"system", "link", "drafter"}) in.need<std::string>(key);
  in.number("tokens_per_s", 1e-9, 1e12), in.number("time_to_first_token_s", 0, 1e9);
  in.number("bytes_per_token", 0, 1e15), in.need<bool>("exact");
  if (!in.at("perplexity").is_null()) in.number("perplexity", 1, 1e300);
  if (given(in, "perplexity_ci90")) need_estimate(in, "perplexity", 1, 1e300);
  check_attack(in);
  if (!in.at("epsilon").is_null()) in.number("epsilon", 0, 1e300);
  if (given(in, "meaning")) in.need<std::string>("meaning");
  const int parties = in.whole("parties", 0, 1'000'000);
  in.whole("non_colluding", 0, parties);
  if (given(in, "own_share")) in.number("own_share", 0, 1);
}

void check_systems(ObjectReader& file) {
  each_object(file, "systems", check_system);
  need_distinct(file, "systems", {"system", "link"});
  const Json& rows = file.list("systems");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto first =
        std::ranges::find_if(rows, [&](const Json& r) { return r["system"] == rows[i]["system"]; });
    for (const char* key : of_the_system) {
      const Json said = first->value(key, Json()), found = rows[i].value(key, Json());
      if (said != found)
        throw Error("{}[{}]: {}: expected {} as over the system's first link, found {}", file.path("systems"),
                    i, key, said.dump(), found.dump());
    }
  }
}

// Names hold commas.
std::string these(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, "; ")); }

template <typename Which>
std::vector<std::string> systems_that(const Json& systems, Which which) {
  std::vector<std::string> names;
  for (const Json& s : systems)
    if (which(s)) names.push_back(s["system"].get<std::string>());
  return names;
}

bool sends_nothing(const Json& system) { return system["parties"] == 0; }

void tell_texts(Json& said, const Json& systems, const Json& rows) {
  const auto exact = [&](const Json& s) {
    return std::ranges::all_of(
        rows, [&](const Json& r) { return r["system"] != s["system"] || r["exact"].get<bool>(); });
  };
  if (const auto names = systems_that(systems, exact); !names.empty())
    said.push_back(
        fmt::format("Wrote local decoding's text, token for token, over every link: {}.", these(names)));
  if (const auto names = systems_that(systems, [&](const Json& s) { return !exact(s); }); !names.empty())
    said.push_back(fmt::format("Wrote another text, over some link or all: {}.", these(names)));
}

std::string epsilon_told(const Json& system) {
  if (const Json meaning = system.value("meaning", Json()); meaning.is_string())
    return markdown::text(meaning);
  return fmt::format("epsilon of a token {:.4g}", system["epsilon"].get<double>());
}

void tell_proofs(Json& said, const Json& systems) {
  const auto unproved = [](const Json& s) { return s["epsilon"].is_null() && !sends_nothing(s); };
  if (const auto names = systems_that(systems, unproved); !names.empty())
    said.push_back(
        fmt::format("Nothing is proved of {}: what these attacks did not find, another may.", these(names)));
  Json proved = Json::array();
  for (const Json& s : systems)
    if (!s["epsilon"].is_null()) proved.push_back({{"meaning", epsilon_told(s)}, {"system", s["system"]}});
  for (const Json& meaning : distinct(proved, "meaning")) {
    const auto names = systems_that(proved, [&](const Json& s) { return s["meaning"] == meaning; });
    said.push_back(fmt::format("Formal, of {}: {}.", these(names), markdown::text(meaning)));
  }
}

void tell_parties(Json& said, const Json& systems) {
  for (const Json& s : systems) {
    if (s["non_colluding"] == 0) continue;
    const std::string who =
        s["non_colluding"] == s["parties"]
            ? fmt::format("none of its {} parties may", s["parties"].dump())
            : fmt::format("{} of its {} parties must not", s["non_colluding"].dump(), s["parties"].dump());
    std::string holds = fmt::format(
        "{}: what is found is what one party reads by itself; {} put what it sees beside another's",
        markdown::text(s["system"]), who);
    if (const Json own = s.value("own_share", Json()); !own.is_null())
      holds += fmt::format(
          ". Its own tokens, {} of all, are not among them: it looks them up where the client keeps no first "
          "layers",
          markdown::percent(own, 1));
    said.push_back(holds + ".");
  }
  if (const auto names = systems_that(systems, sends_nothing); !names.empty())
    said.push_back(fmt::format("Sends nothing to anybody: {}.", these(names)));
}

Json systems_remarks(const Json& systems, const Json& rows) {
  Json said = Json::array();
  said.push_back("Over each link every system decodes with the fastest of the drafters that it was given.");
  tell_texts(said, systems, rows);
  said.push_back(
      "Found: the share of tokens that the strongest of the attacks run here found, with 90 % intervals; a "
      "lower bound of what leaks. Its cost is in forward passes of a token.");
  tell_proofs(said, systems);
  tell_parties(said, systems);
  return said;
}

Json tell_systems(const Json& study) {
  const Json& rows = study["systems"];
  Json systems = Json::array();
  for (const Json& name : distinct(rows, "system")) {
    const auto row = std::ranges::find_if(rows, [&](const Json& r) { return r["system"] == name; });
    Json system = {{"system", name}};
    for (const char* key : of_the_system)
      if (row->contains(key)) system[key] = (*row)[key];
    systems.push_back(std::move(system));
  }
  const auto links = distinct(rows, "link");
  std::vector<std::string> names;
  names.reserve(links.size());
  for (const Json& link : links) names.push_back(link.get<std::string>());
  return {{"heading", "Every system: speed, bytes, and what others could read"},
          {"title", "Language models over other people's machines, side by side"},
          {"about", fmt::format("{}: {} systems over {} links ({}).", markdown::text(study["name"]),
                                systems.size(), links.size(), fmt::join(names, ", "))},
          {"remarks", systems_remarks(systems, rows)},
          {"links", links},
          {"systems", std::move(systems)},
          {"rows", rows}};
}

std::string perplexity_of(const Json& s) {
  if (s["perplexity"].is_null()) return "the model's own";
  return s.contains("perplexity_ci90") && !s["perplexity_ci90"].is_null()
             ? with_interval(s, "perplexity", 1, 2)
             : markdown::number_cell(s["perplexity"], 1, 2);
}

std::string systems_markdown(const Json& data) {
  using markdown::number_cell, markdown::text;
  std::string out =
      "| system | link | tokens/s | first token, s | decoding | bytes a token | text as local |\n"
      "|---|---|--:|--:|---|--:|---|\n";
  for (const Json& r : data["rows"])
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", text(r["system"]), text(r["link"]),
                       number_cell(r["tokens_per_s"], 1, 3), number_cell(r["time_to_first_token_s"], 1, 3),
                       text(r["drafter"]), number_cell(r["bytes_per_token"], 1, 0),
                       r["exact"].get<bool>() ? "yes" : "no");
  out +=
      "\n| system | perplexity | strongest attack | tokens found, % | forwards a token | epsilon | parties | "
      "must not collude |\n|---|---|---|---|--:|--:|--:|--:|\n";
  for (const Json& s : data["systems"])
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", text(s["system"]), perplexity_of(s),
                       s["attack"].is_null() ? "-" : text(s["attack"]),
                       s["attack"].is_null() ? "-" : with_interval(s, "attack_success", 100, 1),
                       number_cell(s["attack_passes_per_token"], 1, 1),
                       s["epsilon"].is_null() ? "none" : number_cell(s["epsilon"], 1, 1), s["parties"].dump(),
                       s["non_colluding"].dump());
  return out;
}

}  // namespace

const StudyKind systems_study{"systems", check_systems, tell_systems, systems_markdown};

}  // namespace splitwan::analysis
