#include "scenarios/console/program.hh"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string_view>

#include "engine/base/error.hh"
#include "engine/base/nearest.hh"
#include "engine/base/plain_text.hh"
#include "scenarios/console/machine.hh"

namespace splitwan::scenarios {
namespace {

// A misspelt word is the likely cause of whatever else is missing: name it first.
void complain(const CLI::App& app, const CLI::ParseError& e) {
  const auto chosen = app.get_subcommands();
  const CLI::App& where = chosen.empty() ? app : *chosen[0];
  std::vector<std::string> known;
  for (const CLI::App* sub : where.get_subcommands({})) known.push_back(sub->get_name());
  for (const CLI::Option* option : where.get_options()) known.push_back("--" + option->get_single_name());
  std::string what = e.what();
  if (const auto unknown = where.remaining(); !unknown.empty()) {
    const std::string near = engine::nearest(unknown[0], known);
    what = fmt::format("unknown argument '{}'", engine::one_line(unknown[0])) +
           (near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  fmt::print(stderr, "splitwan: {} (see splitwan {}--help)\n", what,
             chosen.empty() ? "" : where.get_name() + " ");
}

}  // namespace

int run_program(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a lost peer is an error message, not a death
  app.require_subcommand(1);
  app.footer(exit_codes_help);
  try {
    app.parse(argc, argv);
    choose_instruction_set();
    const int code = chosen();
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) throw engine::Error("stdout: cannot be written");
    return code;
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    complain(app, e);
  } catch (const std::exception& e) {
    const std::string_view text = e.what();  // libtorch adds a backtrace below its first line
    // Unlike fmt::print it throws nothing where nobody reads any longer.
    std::fputs(fmt::format("splitwan: {}\n", engine::one_line(text.substr(0, text.find('\n')))).c_str(),
               stderr);
  }
  return 2;
}

}  // namespace splitwan::scenarios
