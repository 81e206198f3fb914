#include <fmt/format.h>

#include <csignal>
#include <string_view>

#include "scenarios/commands.hh"

namespace splitwan::scenarios {

int run_program(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a lost peer is an error message, not a death
  app.require_subcommand(1);
  app.footer(exit_codes_help);
  try {
    app.parse(argc, argv);
    return chosen();
  } catch (const CLI::Success& e) {  // --help, --version
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "splitwan: {} (see splitwan {}--help)\n", e.what(),
               app.get_subcommands().empty() ? "" : app.get_subcommands()[0]->get_name() + " ");
  } catch (const std::exception& e) {
    const std::string_view text = e.what();  // libtorch adds a backtrace below its first line
    fmt::print(stderr, "splitwan: {}\n", text.substr(0, text.find('\n')));
  }
  return 2;
}

}  // namespace splitwan::scenarios
