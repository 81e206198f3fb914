// `splitwan`: links neither torch nor ns-3, so that fit, project and report answer at once. Whatever runs a
// model is handed over (exec) to the program that does, found beside this one.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/machine.hh"

namespace {

using splitwan::scenarios::Program;

int become(Program program, char** argv) {
  const std::string name = program == Program::lab ? "splitwan-lab" : "splitwan-engine";
  const auto path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
  execv(path.c_str(), argv);
  const int error = errno;
  splitwan::scenarios::remark("splitwan: {}: cannot be started: {}{}", path.string(), std::strerror(error),
                              error == ENOENT ? fmt::format(" (scenarios/setup {} builds it)", name) : "");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  for (const auto& command : splitwan::scenarios::command_table()) {
    const bool here = command.program == Program::plain || command.program == Program::shared;
    if (!here && argc > 1 && std::strcmp(argv[1], command.name) == 0) return become(command.program, argv);
  }
  CLI::App app(
      "How fast, and how private, is a language model split between this machine and an untrusted one?",
      "splitwan");
  app.set_version_flag("--version", splitwan::scenarios::version_text());
  splitwan::scenarios::Chosen chosen;
  splitwan::scenarios::add_plain_commands(app, chosen,
                                          [&](Program program) { return become(program, argv); });
  return splitwan::scenarios::run_program(app, chosen, argc, argv);
}
