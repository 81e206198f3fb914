// The systemd unit and the container file in scenarios/examples: what they start exists and does what they
// count on; what they forbid is forbidden.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "tests/fixtures/command_help.hh"
#include "tests/fixtures/live_server.hh"

namespace splitwan::tests {
namespace {

namespace fs = std::filesystem;
using testing::Contains, testing::HasSubstr, testing::IsSupersetOf;

const fs::path examples = SPLITWAN_SOURCE_DIR "/scenarios/examples";

// Without comments; lines that end with a backslash are one with the next.
std::vector<std::string> lines_of(const std::string& file) {
  std::istringstream in(text_of(examples / file));
  std::vector<std::string> lines;
  bool goes_on = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("#")) continue;
    const bool more = line.ends_with("\\");
    if (more) line.pop_back();
    if (goes_on)
      lines.back() += line;
    else
      lines.push_back(line);
    goes_on = more;
  }
  return lines;
}

// What stands behind these words at the beginnings of lines.
std::vector<std::string> behind(const std::string& file, const std::string& words) {
  std::vector<std::string> found;
  for (const std::string& line : lines_of(file))
    if (line.starts_with(words)) found.push_back(line.substr(words.size()));
  return found;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

void expect_serve_has_the_options_of(const std::vector<std::string>& words) {
  const auto known = options_of("serve");
  int options = 0;
  for (const std::string& word : words) {
    if (!word.starts_with("--")) continue;
    ++options;
    EXPECT_THAT(known, Contains(word));
  }
  EXPECT_GE(options, 5);
}

TEST(ServiceUnit, starts_serve_with_options_that_it_has) {
  const auto starts = behind("splitwan-serve.service", "ExecStart=");
  ASSERT_EQ(starts.size(), 1u);
  const auto words = words_of(starts[0]);
  EXPECT_EQ(words[1], "serve");
  expect_serve_has_the_options_of(words);
  for (const std::string& word : words)  // a port that it may not bind would be of no use
    if (const auto colon = word.rfind(':'); colon != word.npos)
      EXPECT_THAT(behind("splitwan-serve.service", "SocketBindAllow=tcp:"), Contains(word.substr(colon + 1)));
}

TEST(ServiceUnit, gives_the_service_nothing_that_it_does_not_need) {
  EXPECT_THAT(
      lines_of("splitwan-serve.service"),
      IsSupersetOf({"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict",
                    "CapabilityBoundingSet=", "MemoryDenyWriteExecute=yes", "RestrictNamespaces=yes",
                    "SystemCallFilter=@system-service", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"}));
  for (const char* bound : {"MemoryMax=", "TasksMax=", "LimitNOFILE="})
    EXPECT_EQ(behind("splitwan-serve.service", bound).size(), 1u) << bound;
  for (const std::string& file : behind("splitwan-serve.service", "LoadCredential="))
    EXPECT_THAT(
        behind("splitwan-serve.service", "ExecStart")[0] + behind("splitwan-serve.service", "ExecStart=")[0],
        HasSubstr("${CREDENTIALS_DIRECTORY}/" + file.substr(0, file.find(':'))));
}

TEST(ServiceUnit, is_one_that_systemd_takes_and_finds_safe) {
  if (std::system("systemd-analyze --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "systemd is not installed";
  const TemporaryFolder folder;
  std::string unit = text_of(examples / "splitwan-serve.service");
  const std::string program = "/usr/local/bin/splitwan";
  unit.replace(unit.find(program), program.size(), splitwan_program);
  const std::string path = folder / "splitwan-serve.service";
  std::ofstream(path) << unit;
  const std::string said = folder / "said";
  EXPECT_EQ(std::system(fmt::format("systemd-analyze verify {} > {} 2>&1", path, said).c_str()), 0);
  EXPECT_EQ(text_of(said), "");
  // Of 100: systemd's exposure, times ten.
  EXPECT_EQ(std::system(
                fmt::format("systemd-analyze security --offline=true --threshold=15 --no-pager {} > {} 2>&1",
                            path, said)
                    .c_str()),
            0)
      << text_of(said);
}

TEST(Container, starts_serve_with_options_that_it_has_and_no_rights) {
  const auto commands = behind("Containerfile", "CMD ");
  ASSERT_EQ(commands.size(), 1u);
  expect_serve_has_the_options_of(nlohmann::json::parse(commands[0]).get<std::vector<std::string>>());
  EXPECT_THAT(behind("Containerfile", "USER "), testing::ElementsAre("65532:65532"));
  EXPECT_EQ(behind("Containerfile", "FROM ").size(), 2u);  // no compiler in the second
}

// Packages that hold the libraries which the programs themselves ask for.
std::set<std::string> packages_needed() {
  const TemporaryFolder folder;
  const std::string list = folder / "list";
  const std::string script =
      "cd " + fs::path(splitwan_program).parent_path().string() +
      "; for p in splitwan splitwan-engine; do for l in $(objdump -p $p | awk '/NEEDED/ {print $2}'); do "
      "dpkg -S \"$(readlink -f \"$(ldd $p | awk -v l=$l '$1 == l {print $3}')\")\"; done; done 2> /dev/null "
      "| cut -d: -f1 "
      "| sort -u > " +
      list;
  EXPECT_EQ(std::system(script.c_str()), 0);
  std::set<std::string> packages;
  for (const std::string& name : words_of(text_of(list))) packages.insert(name);
  return packages;
}

TEST(Container, has_the_libraries_that_the_programs_need) {
  if (std::system("dpkg --version > /dev/null 2>&1 && objdump --version > /dev/null 2>&1") != 0)
    GTEST_SKIP() << "no dpkg or objdump";
  std::string installs;
  for (const std::string& run : behind("Containerfile", "RUN apt-get")) installs += run;
  const auto listed = words_of(installs);
  std::set<std::string> needed = packages_needed();
  for (const char* always : {"libc6", "libgcc-s1", "libstdc++6"}) needed.erase(always);  // others bring them
  EXPECT_GE(needed.size(), 3u);
  for (const std::string& package : needed) EXPECT_THAT(listed, Contains(package));
}

TEST(Container, knows_by_its_health_check_whether_it_serves) {
  const auto checks = behind("Containerfile", "HEALTHCHECK ");
  ASSERT_EQ(checks.size(), 1u);
  const auto words =
      nlohmann::json::parse(checks[0].substr(checks[0].find("CMD ") + 4)).get<std::vector<std::string>>();
  ASSERT_EQ(words.size(), 3u);
  Server server({"--model", demo_model, "--layers", "2:10", "--watch", "127.0.0.1:0"});
  const std::string watch = server.announced()["watch"];
  std::string check = words[2];
  check.replace(check.find("9420"), 4, watch.substr(watch.rfind(':') + 1));
  const TemporaryFolder folder;
  std::ofstream(folder / "check") << check;
  const std::string run = "bash " + folder / "check";
  EXPECT_EQ(std::system(run.c_str()), 0);
  EXPECT_EQ(server.end(SIGTERM), 0);
  EXPECT_NE(std::system((run + " 2> /dev/null").c_str()), 0);
}

}  // namespace
}  // namespace splitwan::tests
