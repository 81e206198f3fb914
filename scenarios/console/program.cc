#include "scenarios/console/program.hh"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string_view>

#include "engine/base/error.hh"
#include "engine/base/nearest.hh"
#include "engine/base/output_file.hh"
#include "engine/base/plain_text.hh"
#include "scenarios/console/console.hh"
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
  remark("splitwan: {} (see splitwan {}--help)", engine::one_line(what),
         chosen.empty() ? "" : where.get_name() + " ");
}

// Files that are half written go first; then the signal does what it does to anybody.
void end_by(int signal) {
  engine::put_unfinished_away();
  std::raise(signal);  // held back until this handler returns, which is used up
}

void prepare_signals() {
  std::signal(SIGPIPE, SIG_IGN);  // a lost peer is an error message, not a death
  std::signal(SIGXFSZ, SIG_IGN);  // so is a file that may not grow
  struct sigaction action {
  }, before{};
  action.sa_handler = end_by;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_DFL)  // nohup stays so
      sigaction(signal, &action, nullptr);
}

// What a reader did not check shows as the library's exception: its name is of no use to anybody.
std::string line_of(const std::exception& e) {
  std::string_view text = e.what();
  text = text.substr(0, text.find('\n'));  // libtorch adds a backtrace below its first line
  const auto end = text.starts_with("[json.exception") ? text.find("] ") : text.npos;
  if (end == text.npos) return engine::one_line(text);
  return "an input holds another kind of value than expected: " + engine::one_line(text.substr(end + 2));
}

}  // namespace

int run_program(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  prepare_signals();
  app.require_subcommand(1);
  app.footer(exit_codes_help);
  try {
    for (int i = 1; i < argc; ++i)  // all of it may come to stand in JSON
      if (!engine::is_utf8(argv[i]))
        throw engine::Error("argument {}: expected UTF-8, found '{}'", i, engine::one_line(argv[i], 80));
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
    remark("splitwan: {}", line_of(e));
  }
  return 2;
}

}  // namespace splitwan::scenarios
