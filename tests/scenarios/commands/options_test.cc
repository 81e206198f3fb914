// Every option of every command, as `--help` lists them: explained on a page, and used by a test.
#include <set>
#include <sstream>

#include "tests/fixtures/command.hh"

namespace splitwan::tests {
namespace {

namespace fs = std::filesystem;

std::set<std::string> commands() {
  std::set<std::string> names;
  std::istringstream help(splitwan("--help").out);
  bool listed = false;
  for (std::string line; std::getline(help, line);) {
    if (listed && line.empty()) break;
    if (listed && line.rfind("  ", 0) == 0 && line[2] != ' ')
      names.insert(line.substr(2, line.find(' ', 2) - 2));
    if (line == "Subcommands:") listed = true;
  }
  return names;
}

std::set<std::string> options_of(const std::string& command) {
  std::set<std::string> names;
  std::istringstream help(splitwan(command + " --help").out);
  for (std::string line; std::getline(help, line);) {
    const auto first = line.find_first_not_of(' ');
    if (first != 2 || line[2] != '-') continue;
    const auto at = line.find("--");
    names.insert(line.substr(at, line.find_first_of(" =:,", at) - at));
  }
  return names;
}

// All files under `folder` whose names end so, in one text.
std::string everything(const fs::path& folder, const std::string& ending) {
  std::string text;
  for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name.rfind("build", 0) == 0 || name[0] == '.')) it.disable_recursion_pending();
    if (it->is_regular_file() && name.ends_with(ending)) text += text_of(it->path()) + "\n";
  }
  return text;
}

bool holds(const std::string& text, const std::string& option) {
  for (auto at = text.find(option); at != std::string::npos; at = text.find(option, at + 1)) {
    const char next = at + option.size() < text.size() ? text[at + option.size()] : ' ';
    if (next != '-' && !std::isalnum(static_cast<unsigned char>(next))) return true;
  }
  return false;
}

TEST(Options, stand_on_a_page_and_in_a_test) {
  const std::string pages = everything(SPLITWAN_SOURCE_DIR, "README.md");
  const std::string tests = everything(SPLITWAN_SOURCE_DIR "/tests", "_test.cc");
  const auto known = commands();
  EXPECT_GE(known.size(), 14u);
  for (const std::string& command : known) {
    const auto options = options_of(command);
    EXPECT_GE(options.size(), 2u) << command;
    for (const std::string& option : options) {
      EXPECT_TRUE(holds(pages, option)) << command << " " << option << " stands in no README.md";
      EXPECT_TRUE(holds(tests, option)) << command << " " << option << " stands in no test";
    }
  }
}

}  // namespace
}  // namespace splitwan::tests
