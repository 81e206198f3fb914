// The floor plan, proved by reading the sources: what each room includes, and how large rooms and files are.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace splitwan {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty, testing::ElementsAre;

// Every room, the lowest first: a room may include those before it on its own floor. A folder inside a room
// is part of it, unless it has a line of its own.
const std::vector<std::string> rooms = {"engine/base",
                                        "engine/wire",
                                        "engine/party",
                                        "engine/net",
                                        "engine/tls",
                                        "engine/resume",
                                        "engine/serve",
                                        "engine/text",
                                        "engine/chat",
                                        "engine/checkpoint",
                                        "engine/privacy",
                                        "engine/kernels",
                                        "engine/layers",
                                        "engine/split",
                                        "engine/drafters",
                                        "engine/decode",
                                        "netsim/link",
                                        "netsim/ns3/sim",
                                        "netsim/time",
                                        "netsim/ns3",
                                        "netsim/kernel",
                                        "netsim/record",
                                        "model/observe",
                                        "model/path",
                                        "model/fit",
                                        "model/ask",
                                        "model/judge",
                                        "analysis/summary",
                                        "analysis/report",
                                        "analysis/traffic",
                                        "analysis/trials",
                                        "analysis/gate",
                                        "analysis/sides",
                                        "analysis/verdicts",
                                        "analysis/attacks/exam",
                                        "analysis/attacks/attackers",
                                        "analysis/attacks/mechanism",
                                        "analysis/attacks/cascade",
                                        "analysis/attacks/suite",
                                        "scenarios/imports",
                                        "scenarios/read",
                                        "scenarios/console",
                                        "scenarios/watch",
                                        "scenarios/probe",
                                        "scenarios/jobs",
                                        "scenarios/run",
                                        "scenarios/train",
                                        "scenarios/study",
                                        "scenarios/gate",
                                        "scenarios/sweep",
                                        "scenarios/commands",
                                        "scenarios/commands/plain",
                                        "scenarios/commands/engine",
                                        "scenarios/commands/lab"};

// And of the floors below it these: whole floors, or rooms.
const std::map<std::string, std::vector<std::string>> below = {
    {"engine", {}},
    {"netsim",
     {"engine/base", "engine/wire", "engine/party", "engine/net", "engine/tls", "engine/resume",
      "engine/text", "engine/checkpoint", "engine/privacy", "engine/kernels"}},
    {"model", {"engine/base", "engine/wire", "engine/party"}},
    {"analysis", {"engine", "model"}},
    {"scenarios", {"engine", "netsim", "model", "analysis"}}};

// Who may know torch; no other room reaches it, through whatever headers.
const std::set<std::string> with_tensors = {"engine/layers",
                                            "engine/split",
                                            "engine/drafters",
                                            "engine/decode",
                                            "analysis/attacks/exam",
                                            "analysis/attacks/attackers",
                                            "analysis/attacks/mechanism",
                                            "analysis/attacks/cascade",
                                            "analysis/attacks/suite",
                                            "scenarios/read",
                                            "scenarios/run",  // each has a library with and one without
                                            "scenarios/train",
                                            "scenarios/study",
                                            "scenarios/commands/engine",
                                            "scenarios/commands/lab"};

const std::set<std::string> with_ns3 = {"netsim/ns3/sim", "netsim/kernel/ns3"};  // in a process of their own

constexpr std::size_t most_sources = 35, most_lines = 400;

bool inside(const std::string& path, const std::string& folder) { return path.starts_with(folder + "/"); }

// The room that a file is in, or "".
std::string room_of(const std::string& file) {
  std::string found;
  for (const std::string& room : rooms)
    if (inside(file, room) && room.size() > found.size()) found = room;
  return found;
}

std::string floor_of(const std::string& path) { return path.substr(0, path.find('/')); }

std::ptrdiff_t height_of(const std::string& room) { return std::ranges::find(rooms, room) - rooms.begin(); }

bool may_include(const std::string& room, const std::string& other) {
  const std::string floor = floor_of(room);
  if (floor_of(other) == floor) return height_of(other) <= height_of(room);
  return std::ranges::any_of(below.at(floor), [&](const std::string& allowed) {
    return other == allowed || inside(other, allowed);
  });
}

using Includes =
    std::map<std::string, std::vector<std::string>>;  // file -> what stands in its #include lines

std::vector<std::string> wrong_ways(const Includes& includes) {
  std::vector<std::string> wrong;
  for (const auto& [file, list] : includes) {
    const std::string room = room_of(file);
    if (room.empty()) wrong.push_back(file + " is in no room");
    for (const std::string& other : list) {
      if (room.empty() || !below.contains(floor_of(other))) continue;  // a library's header
      const std::string to = room_of(other);
      if (to.empty() || !may_include(room, to)) wrong.push_back(fmt::format("{} includes {}", file, other));
    }
  }
  return wrong;
}

bool is_torch(const std::string& header) {
  return header.starts_with("ATen/") || header.starts_with("torch/") || header.starts_with("c10/");
}

// The way from a file to a torch header, through our own headers; "" where there is none.
std::string way_to_torch(const std::string& file, const Includes& includes, std::set<std::string>& been) {
  if (!been.insert(file).second) return "";
  const auto found = includes.find(file);
  if (found == includes.end()) return "";
  for (const std::string& other : found->second) {
    if (is_torch(other)) return fmt::format("{} includes {}", file, other);
    if (const std::string way = way_to_torch(other, includes, been); !way.empty())
      return fmt::format("{}, {}", file, way);
  }
  return "";
}

std::vector<std::string> tensors_where_none_belong(const Includes& includes) {
  std::vector<std::string> wrong;
  for (const auto& [file, list] : includes) {
    std::set<std::string> been;
    if (with_tensors.contains(room_of(file))) continue;
    if (const std::string way = way_to_torch(file, includes, been); !way.empty()) wrong.push_back(way);
  }
  return wrong;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// path relative to the project -> its lines, of every C++ source below a folder.
std::map<std::string, std::vector<std::string>> sources_in(const std::string& folder) {
  const fs::path root = SPLITWAN_SOURCE_DIR;
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
    const auto ending = entry.path().extension();
    if (entry.is_regular_file() && (ending == ".cc" || ending == ".hh"))
      found[entry.path().lexically_relative(root).generic_string()] = lines_of(entry.path());
  }
  return found;
}

const std::map<std::string, std::vector<std::string>>& product() {
  static const auto all = [] {
    std::map<std::string, std::vector<std::string>> files;
    for (const auto& [floor, _] : below) files.merge(sources_in(floor));
    return files;
  }();
  return all;
}

// What stands between the quotes or angles of an #include line.
std::string included_by(const std::string& line) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line[hash] != '#') return "";
  const auto word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string::npos || line.compare(word, 7, "include") != 0) return "";
  const auto begin = line.find_first_of("\"<", word), end = line.find_first_of("\">", begin + 1);
  return begin == std::string::npos || end == std::string::npos ? ""
                                                                : line.substr(begin + 1, end - begin - 1);
}

const Includes& includes() {
  static const Includes all = [] {
    Includes read;
    for (const auto& [file, lines] : product()) {
      auto& list = read[file];
      for (const std::string& line : lines)
        if (std::string header = included_by(line); !header.empty()) list.push_back(std::move(header));
    }
    return read;
  }();
  return all;
}

TEST(Rooms, include_only_what_lies_below_them) {
  std::size_t ours = 0;
  std::set<std::string> seen;
  for (const auto& [file, list] : includes()) {
    seen.insert(room_of(file));
    ours += static_cast<std::size_t>(std::ranges::count_if(list, [](const std::string& header) {
      return includes().contains(header);  // also says that its path is written from the top
    }));
  }
  std::printf("compared %zu files of %zu rooms, %zu includes of our own\n", includes().size(), seen.size(),
              ours);
  EXPECT_GT(includes().size(), 300u);
  EXPECT_GT(ours, 500u);
  EXPECT_GE(seen.size(), 30u);
  EXPECT_THAT(wrong_ways(includes()), IsEmpty());
}

TEST(Rooms, know_no_torch_but_those_that_compute) {
  EXPECT_THAT(tensors_where_none_belong(includes()), IsEmpty());
}

TEST(Rooms, meet_ns3_in_its_own_process_only) {
  std::vector<std::string> met, strangers;
  for (const auto& [file, list] : includes()) {
    if (std::ranges::none_of(list, [](const std::string& h) { return h.starts_with("ns3/"); })) continue;
    met.push_back(file);
    if (!with_ns3.contains(fs::path(file).parent_path().generic_string())) strangers.push_back(file);
  }
  EXPECT_GT(met.size(), 5u);
  EXPECT_THAT(strangers, IsEmpty());
}

TEST(Rooms, hold_at_most_35_sources) {
  std::map<std::string, std::size_t> sources;
  for (const auto& [file, lines] : product()) ++sources[fs::path(file).parent_path().generic_string()];
  for (const auto& [folder, count] : sources) EXPECT_LE(count, most_sources) << folder;
}

TEST(Sources, have_at_most_400_lines) {
  for (const auto& files : {product(), sources_in("tests")})
    for (const auto& [file, lines] : files) EXPECT_LE(lines.size(), most_lines) << file;
}

// The product files with a line that matches.
std::vector<std::string> files_with(const std::string& pattern) {
  const std::regex wanted(pattern, std::regex::optimize);
  std::vector<std::string> found;
  for (const auto& [file, lines] : product())
    if (std::ranges::any_of(lines, [&](const std::string& line) { return std::regex_search(line, wanted); }))
      found.push_back(file);
  return found;
}

TEST(Doors, one_file_spells_tensor_names) {
  const auto spelling =
      files_with(R"(self_attn\.|mlp\.gate_proj|model\.embed_tokens|lm_head\.weight|input_layernorm)");
  EXPECT_EQ(spelling.size(), 1u) << testing::PrintToString(spelling);
}

// Any other reader would index the header like JSON: header["plan"], header.at("plan"),
// header().value("plan", ..).
TEST(Doors, one_file_reads_the_header_by_string) {
  EXPECT_THAT(files_with(R"x(\bheader(\(\))?(\.(at|value|contains|find)\(|\[)\s*")x"),
              testing::IsSubsetOf({"engine/party/run_header.cc"}));
  EXPECT_THAT(files_with(R"x("pad_rows")x"), testing::Contains("engine/party/run_header.cc"));
}

// What matters about a network is a property of its row; the one other name is of headers that had none.
TEST(Doors, one_file_names_the_networks) {
  EXPECT_THAT(files_with(R"x("(local|ideal|sockets)"|NetworkKind::(local|ideal|ns3|sockets|tun)\b)x"),
              ElementsAre("engine/party/run_header.cc"));
}

TEST(FloorPlan, tells_planted_faults) {
  EXPECT_THAT(wrong_ways({{"engine/base/a.hh", {"engine/wire/b.hh", "vector"}}}),
              ElementsAre("engine/base/a.hh includes engine/wire/b.hh"));
  EXPECT_THAT(wrong_ways({{"engine/wire/b.cc", {"engine/base/a.hh", "engine/wire/b.hh"}}}), IsEmpty());
  EXPECT_THAT(wrong_ways({{"netsim/time/a.cc", {"engine/layers/kv_cache.hh"}}}).size(), 1u);
  EXPECT_THAT(wrong_ways({{"model/fit/a.cc", {"engine/kernels/a.hh", "netsim/time/conductor.hh"}}}).size(),
              2u);
  EXPECT_THAT(wrong_ways({{"analysis/report/a.cc", {"netsim/link/link_spec.hh"}}}).size(), 1u);
  EXPECT_THAT(wrong_ways({{"engine/attic/a.cc", {}}}), ElementsAre("engine/attic/a.cc is in no room"));
  EXPECT_THAT(tensors_where_none_belong({{"model/fit/a.cc", {"engine/wire/b.hh"}},
                                         {"engine/wire/b.hh", {"engine/split/c.hh"}},
                                         {"engine/split/c.hh", {"ATen/ATen.h"}}}),
              ElementsAre("engine/wire/b.hh, engine/split/c.hh includes ATen/ATen.h",
                          "model/fit/a.cc, engine/wire/b.hh, engine/split/c.hh includes ATen/ATen.h"));
  EXPECT_EQ(included_by("  # include <a/b.hh>  // why"), "a/b.hh");
  EXPECT_EQ(included_by("// #include \"a.hh\""), "");
}

}  // namespace
}  // namespace splitwan
