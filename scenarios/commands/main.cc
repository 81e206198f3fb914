// `splitwan`: links neither torch nor ns-3, so that fit, project and report answer at once. Whatever runs a
// model is handed over (exec) to splitwan-engine, found beside this program.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "scenarios/commands/commands.hh"
#include "scenarios/commands/link_command.hh"
#include "scenarios/commands/model_commands.hh"
#include "scenarios/commands/study_command.hh"
#include "scenarios/commands/traffic_command.hh"
#include "scenarios/console/machine.hh"

namespace {

struct EngineCommand {
  const char *name, *help;
};
constexpr EngineCommand engine_commands[] = {
    {"generate", "Continue one prompt: all here, split in process, over a link, or with a server"},
    {"serve", "The untrusted side: run the middle layers for clients"},
    {"export", "Write the checkpoint that the untrusted side may have"},
    {"bench", "How fast this machine runs a model, against what it could"},
    {"verify", "Does speculation change the output? Every drafter against decoding one by one"},
    {"attack", "How much leaks: recover text from what the server sees"},
    {"train", "Train a small model, as the demo model was"}};

int become_engine(char** argv) {
  const auto engine = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "splitwan-engine";
  execv(engine.c_str(), argv);
  fmt::print(stderr, "splitwan: {}: cannot be started: {}\n", engine.string(), std::strerror(errno));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const auto asked = [&](const EngineCommand& c) { return argc > 1 && std::strcmp(argv[1], c.name) == 0; };
  if (std::any_of(std::begin(engine_commands), std::end(engine_commands), asked)) return become_engine(argv);

  CLI::App app(
      "How fast, and how private, is a language model split between this machine and an untrusted one?",
      "splitwan");
  app.set_version_flag("--version", splitwan::scenarios::version_text());
  splitwan::scenarios::Chosen chosen;
  for (const auto& c : engine_commands) app.add_subcommand(c.name, c.help);
  splitwan::scenarios::add_study_command(app, chosen, [&] { return become_engine(argv); });
  splitwan::scenarios::add_model_commands(app, chosen);
  splitwan::scenarios::add_traffic_command(app, chosen);
  splitwan::scenarios::add_link_command(app, chosen);
  return splitwan::scenarios::run_program(app, chosen, argc, argv);
}
