// Every command line on a README: its program, options and files exist; and it runs, on small inputs.
#include <fmt/format.h>
#include <glob.h>

#include <chrono>
#include <cstring>
#include <map>

#include "tests/fixtures/page_commands.hh"

namespace splitwan::tests {
namespace {

namespace fs = std::filesystem;

const fs::path top = SPLITWAN_SOURCE_DIR;

// What pages leave to the reader, and what takes too long as it stands there.
struct Spelling {
  const char *shown, *run, *why;
};
const Spelling spellings[] = {
    {"splitwan COMMAND", "splitwan run", "a placeholder"},
    {"--model DIR", "--model scenarios/demo-model", "a placeholder"},
    {"model=DIR", "model=scenarios/demo-model", "a placeholder"},
    {"SCENARIO.json", "small.json", "a placeholder"},
    {"TRACE...", "small.jsonl", "a placeholder"},
    {"project MODEL", "project small-model.json", "a placeholder"},
    {"--layers 2:30", "--layers 2:10", "the page's model has 32 layers, the demo model 12"},
    {"wan-80ms-mistral-7b.json", SPLITWAN_SOURCE_DIR "/../shared/measurements/wan-80ms-mistral-7b.json",
     "published by others"},
    {"scenarios/what-if-grid.json",
     "scenarios/what-if-grid.json --set network.loss=0 --set network.rate=1Gbit", "1,000 networks"},
    {"scenarios/sweep-grid.json", "scenarios/sweep-small.json", "10,000 cells"},
    {"scenarios/model-grid.json",
     "scenarios/model-grid.json --set replay.decoding=recordings/demo-model-decoding-short.json "
     "--set network.rate=30Mbit --set network.rtt=80ms",
     "40 networks, 64 decodings"},
    {"scenarios/cascade-grid.json",
     "scenarios/cascade-grid.json --set cascade.alpha=2 --set cascade.cluster=1 --set network.rate=100Mbit "
     "--set 'replay.batches.wide_rows=[1]'",
     "360 runs"},
    {"scenarios/cascade-published.json",
     "scenarios/cascade-published.json --set replay.profile=profiles/bert-base-nodes.json --set "
     "'cascade={\"alpha\": 3}' --set replay.batches.prompt=8",
     "3 GB through ns-3"},
    {"scenarios/cascade.json",
     "scenarios/cascade.json --set alpha=[2] --set cluster=[1] --set run.max_new_tokens=2 --set "
     "'networks=[{\"name\":\"here\",\"kind\":\"ideal\"}]'",
     "90 cells"},
    {"scenarios/compare-systems.json",
     "scenarios/compare-systems.json --set run.max_new_tokens=2 --set documents_used=2 --set "
     "document_tokens=8 "
     "--set 'links=[{\"name\":\"here\",\"kind\":\"ideal\"}]' --set 'systems=[{\"system\":\"split\"}]'",
     "minutes of attacks"},
    {"--documents scenarios/attack-documents.json",
     "--documents scenarios/attack-documents.json --texts 2 --text-tokens 6 --gaps 1,2 --search-budget 64",
     "20 minutes"},
    {"scenarios/published-wan.json", "scenarios/published-wan.json --set network.rate=100Mbit", "12 runs"},
    {"scenarios/ablation.json",
     "scenarios/ablation.json --set network.rtt=80ms --set sampling.temperature=0 --set max_new_tokens=8 "
     "--set prompts_per_class=1",
     "15 drafters on all prompts"},
    {"scenarios/traffic.json",
     "scenarios/traffic.json --set max_new_tokens=8 --set pad_rows=[8] --set prompts_per_class=1",
     "144 runs"},
    {"scenarios/quickstart.json",
     "scenarios/quickstart.json --set network.rtt=80ms --set max_new_tokens=8 --set prompts_per_class=1",
     "80 runs"},
    {"scenarios/validate-link.json",
     "scenarios/validate-link.json --set validate.kernel=false --set network.loss=0 --set network.rtt=20ms",
     "the kernel's part takes its time and root"},
    {"scenarios/attack.json",
     "scenarios/attack.json --set depths=[1] --set 'defences=[\"int4\"]' --set 'attackers=[\"unigram\"]' "
     "--set 'defence_attackers=[\"nearest_neighbour\"]' --set defence_depths=[1] --set seeds=[1] "
     "--set document_limit=2 --set pairs=1000 --set defence_pairs=1000 "
     "--set speed.scenario=../small.json --set speed.drafter=ngram",
     "26 minutes"},
    {"scenarios/del.json",
     "scenarios/del.json --set mu=[20] --set bits=[4] --set 'maps=[\"demo-del/width-32\"]' --set "
     "documents_used=2 "
     "--set document_tokens=8 --set 'baselines=[\"none\"]' --set held_out=3 --set continuations=1 "
     "--set continuation_tokens=2 --set links=[] --set corpora=[]",
     "eight cells"},
    {"splitwan verify --model scenarios/demo-model",
     "splitwan verify --model scenarios/demo-model --random 1 --max-new-tokens 4", "a minute"},
    {"splitwan bench --model scenarios/demo-model",
     "splitwan bench --model scenarios/demo-model --rows 1 --prefill 4 --repetitions 1 --context 8",
     "repeated for its spread"},
};

// What is looked at and not run.
struct LeftOut {
  const char *beginning, *why;
};
const LeftOut left_out[] = {
    {"scenarios/quickstart", "builds the project; what it runs is on other lines"},
    {"tests/run", "runs this test"},
    {"scp -r middle tls/server", "two machines"},
    {"build/splitwan serve --init-tls", "beside the tree; tls_test.cc makes folders"},
    {"build/splitwan serve --model middle --listen 0.0.0.0:7420", "two machines; tls_test.cc has both ends"},
    {"build/splitwan link --probe gpu.example.org:7420", "two machines; link_probe_test.cc has both ends"},
    {"build/splitwan generate --model DIR --server gpu.example.org:7420",
     "two machines; tls_test.cc has both ends"},
    {"sudo build/splitwan link", "root; link_command_test.cc"},
    {"splitwan link --record", "root; link_command_test.cc"},
    {"build/splitwan run replay.json", "a recorded path; replay_test.cc has one"},
    {"build/splitwan compare live.jsonl", "a recorded path; study_test.cc compares"},
    {"splitwan serve --role comp:0 --scenario FILE", "nodes on many machines; cascade_test.cc starts them"},
    {"install ", "the system's folders"},
    {"curl http://127.0.0.1:9420/health", "a service of the system; lookout_test.cc asks one of ours"},
    {"splitwan export --model MODEL --layers 2:30 -o /srv", "the system's folders"},
    {"splitwan serve --init-tls", "beside the tree; tls_test.cc makes folders"},
    {"splitwan serve --model middle --listen 0.0.0.0:7420", "two machines; tls_test.cc has both ends"},
    {"splitwan generate --model DIR --server gpu.example.org:7420",
     "two machines; tls_test.cc has both ends"},
    {"splitwan generate --model DIR --server HOST:PORT --check-steps",
     "two machines; checks_test.cc has both ends"},
    {"splitwan link --probe", "two machines; link_probe_test.cc has both ends"},
    {"tests/nightly/", "hours"},
    {"tests/fuzz", "minutes; corpus_test.cc replays its inputs"},
    {"tests/chaos", "minutes; a short form is a test of its own"},
    {"tests/soak", "minutes; a short form is a test of its own"},
    {"tests/denial", "minutes; a short form is a test of its own"},
    {"engine/tls/check_server", "a live server; check_server_test.cc has one"},
    {"splitwan run FILE", "nodes on many machines; cascade_test.cc starts them"},
    {"splitwan bench --geometry mistral-7b-4l", "minutes, and gigabytes"},
    {"build/splitwan gate scenarios/gate-split.json --baseline tests/baseline.json --against",
     "a build from before, and minutes; measured_test.cc has two programs"},
    {"build/splitwan_trials_bench", "minutes of measurements by hand"},
};

const LeftOut* why_left_out(const PageLine& line) {
  static const LeftOut name = {"", "a name, without arguments"};
  if (line.mention) return &name;
  for (const LeftOut& row : left_out)
    if (line.text.rfind(row.beginning, 0) == 0) return &row;
  return nullptr;
}

std::string as_run(std::string text) {
  if (text.rfind("splitwan ", 0) == 0) text = "build/" + text;
  for (const Spelling& s : spellings) {
    const std::string shown = s.shown;
    for (auto at = text.find(shown); at != std::string::npos; at = text.find(shown, at + std::strlen(s.run)))
      text.replace(at, shown.size(), s.run);
  }
  return text;
}

std::vector<PageLine> all_lines() {
  std::vector<PageLine> all;
  for (const std::string& page : pages())
    for (PageLine& line : commands_on(page)) all.push_back(std::move(line));
  return all;
}

bool names_files(const fs::path& pattern) {
  glob_t found{};
  const bool any = glob(pattern.c_str(), 0, nullptr, &found) == 0;
  globfree(&found);
  return any;
}

// Names of programs, subcommands, options and files of ours that are not there.
std::vector<std::string> unknown_in(const std::vector<std::string>& words) {
  static const std::set<std::string> commands = known_commands();
  static std::map<std::string, std::set<std::string>> options;
  std::vector<std::string> unknown;
  const auto expect = [&](bool known, const std::string& what) {
    if (!known) unknown.push_back(what);
  };
  std::string command;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool first = i == 0 || words[i - 1] == "&&" || words[i - 1] == "sudo";
    if (first && word == "install") {  // ours, to the system's folders
      while (i + 1 < words.size() && words[i + 1] != "&&") ++i;
      continue;
    }
    if (first) {
      expect(is_program(word), word);
      command.clear();
    }
    if (word.find("build/splitwan ") != std::string::npos) {  // a command line within
      for (std::string& name : unknown_in(words_of(word))) unknown.push_back(std::move(name));
    } else if (word == "build/splitwan" || (first && word == "splitwan")) {
      command = i + 1 < words.size() ? words[i + 1] : "";
      if (command == "--help") break;  // the whole program's
      expect(commands.count(command), "splitwan " + command);
      if (commands.count(command) && !options.count(command)) options[command] = options_of(command);
    } else if (word.rfind("scenarios/", 0) == 0 || word.rfind("tests/", 0) == 0) {
      expect(names_files(top / word), word);
    } else if (!command.empty() && word.rfind("--", 0) == 0) {
      expect(options[command].count(word.substr(0, word.find('='))), fmt::format("{} {}", command, word));
    } else if (words[0] == "cmake" && i > 0 && words[i - 1] == "--preset") {
      expect(text_of(top / "CMakePresets.json").find("\"name\": \"" + word + "\"") != std::string::npos,
             word);
    }
  }
  return unknown;
}

TEST(Pages, show_programs_commands_options_and_files_that_exist) {
  std::set<std::string> with;
  std::size_t count = 0, run = 0;
  for (const PageLine& line : all_lines()) {
    ++count;
    run += why_left_out(line) ? 0 : 1;
    with.insert(line.page);
    std::string text = line.text;
    if (text.rfind("splitwan COMMAND", 0) == 0) text = as_run(text);
    for (const std::string& name : unknown_in(words_of(text)))
      ADD_FAILURE() << line.page << ": " << line.text << ": " << name << " does not exist";
  }
  std::printf("looked at %zu command lines of %zu pages; %zu of them run\n", count, with.size(), run);
  EXPECT_GE(count, 40u);
  EXPECT_GE(run, 30u);
  EXPECT_GE(with.size(), 6u);
}

TEST(Pages, a_wrong_word_on_one_is_told) {
  const auto unknown = [](const char* line) { return unknown_in(words_of(line)); };
  using Names = std::vector<std::string>;
  EXPECT_EQ(unknown("build/splitwan run scenarios/quickstart.json -o t.jsonl"), Names{});
  EXPECT_EQ(unknown("build/splitwan walk"), Names{"splitwan walk"});
  EXPECT_EQ(unknown("build/splitwan run scenarios/none.json --sett a=1"),
            (Names{"scenarios/none.json", "run --sett"}));
  EXPECT_EQ(unknown("build/splitwan fit t.jsonl && build/splitwan fit --set a=1"), Names{"fit --set"});
  EXPECT_EQ(unknown("sudo build/splitwan link --server \"build/splitwan serve --layer 2:3\""),
            Names{"serve --layer"});
  EXPECT_EQ(unknown("cmake --preset none"), Names{"none"});
}

TEST(Pages, hold_every_line_that_is_spelled_out_or_left_out_here) {
  const auto all = all_lines();
  for (const LeftOut& row : left_out)
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const PageLine& line) {
      return why_left_out(line) == &row;
    })) << row.beginning;
  for (const Spelling& row : spellings)
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const PageLine& line) {
      return as_run(line.text).find(row.run) != std::string::npos;
    })) << row.shown;
}

// Each page's lines in their order, in a folder with what stands in for placeholders.
class PageCommands : public testing::TestWithParam<std::string> {
 protected:
  PageCommands() {
    fs::create_directory_symlink(fs::path(splitwan_program).parent_path(), folder_ / "build");
    fs::create_directory(folder_ / "scenarios");
    for (const auto& entry : fs::directory_iterator(top / "scenarios"))
      fs::create_symlink(entry.path(), folder_ / "scenarios/" + entry.path().filename().string());
    fs::create_directory(folder_ / "tests");
    fs::copy_file(top / "tests/baseline.json", folder_ / "tests/baseline.json");
    std::ofstream(folder_ / "small.json") << nlohmann::json{
        {"model", "scenarios/demo-model"},
        {"network", {{"kind", "ideal"}}},
        {"decode", {"sequential", "ngram"}},
        {"prompts", {"def add(a, b):", "once upon a time"}},
        {"sweep", {{"network.rtt", {"20ms", "80ms"}}, {"network.rate", {"1Mbit", "1Gbit"}}}},
        {"max_new_tokens", 6}};
    run("build/splitwan run small.json -o small.jsonl");
    run("build/splitwan fit small.jsonl -o small-model.json");
  }
  void run(const std::string& line) const {
    const auto begin = std::chrono::steady_clock::now();
    const std::string whole = "cd " + folder_.string() + " && (" + line + ") > out 2> err < /dev/null";
    const int status = std::system(whole.c_str());
    EXPECT_EQ(status, 0) << GetParam() << ": " << line << ": " << text_of(folder_ / "err");
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%5.1f s  %s\n", took.count(), line.c_str());
  }
  TemporaryFolder folder_;
};

TEST_P(PageCommands, run_as_they_are_shown) {
  const bool elsewhere = fs::exists(shared_file("measurements/wan-80ms-mistral-7b.json"));
  for (const PageLine& line : commands_on(GetParam())) {
    const LeftOut* row = why_left_out(line);
    const bool absent = !elsewhere && line.text.find("wan-80ms-mistral-7b.json") != std::string::npos;
    if (row || absent)
      std::printf("not run  %s (%s)\n", line.text.c_str(), row ? row->why : "its file is absent");
    else
      run(as_run(line.text));
  }
}

std::vector<std::string> pages_with_commands() {
  std::vector<std::string> names;
  for (const std::string& page : pages())
    if (!commands_on(page).empty()) names.push_back(page);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Of, PageCommands, testing::ValuesIn(pages_with_commands()), [](const auto& page) {
  return std::regex_replace(page.param, std::regex("[^A-Za-z]"), "_");
});

}  // namespace
}  // namespace splitwan::tests
