// Every option of every command, as `--help` lists them: explained on a page, and used by a test.
#include "tests/fixtures/command_help.hh"

namespace splitwan::tests {
namespace {

// All those files, in one text.
std::string everything(const std::string& folder, const std::string& ending) {
  std::string text;
  each_file(folder, ending, [&](const auto& path) { text += text_of(path) + "\n"; });
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
  const auto known = known_commands();
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

TEST(Options, that_are_no_utf_8_are_named) {
  const Outcome o = splitwan("link --link 'pcap=a\xb1'");
  EXPECT_EQ(o.code, 2);
  EXPECT_EQ(o.out, "");
  EXPECT_EQ(o.err, "splitwan: argument 3: expected UTF-8, found 'pcap=a\xEF\xBF\xBD'\n");
}

}  // namespace
}  // namespace splitwan::tests
