// The subcommands, made from table.inc: who runs each, and one function that gives it its options.
#pragma once

#include <span>

#include "scenarios/console/program.hh"

namespace splitwan::scenarios {

enum class Program { plain, engine, lab, shared };  // see table.inc

struct CommandRow {
  Program program;
  const char *name, *help;
};
std::span<const CommandRow> command_table();

// Adds a program's own subcommands; the one parsed leaves in `chosen` what to run, which returns the exit
// code. `splitwan` knows the others' names and help too. `hand_on` gives the whole command line to another
// program.
using HandOn = std::function<int(Program)>;
void add_plain_commands(CLI::App&, Chosen&, const HandOn& hand_on = {});
void add_engine_commands(CLI::App&, Chosen&);
void add_lab_commands(CLI::App&, Chosen&);

#define COMMAND(program, name, help) void add_##name##_command(CLI::App& command, Chosen&);
#include "scenarios/commands/table.inc"
#undef COMMAND
#define SPLITWAN_BEGUN_plain(name)
#define SPLITWAN_BEGUN_engine(name)
#define SPLITWAN_BEGUN_lab(name)
#define SPLITWAN_BEGUN_shared(name)                                        \
  void begin_##name##_command(CLI::App& command, Chosen&, HandOn hand_on); \
  void add_##name##_study_command(CLI::App& command, Chosen&);
#define COMMAND(program, name, help) SPLITWAN_BEGUN_##program(name)
#include "scenarios/commands/table.inc"
#undef COMMAND
#undef SPLITWAN_BEGUN_plain
#undef SPLITWAN_BEGUN_engine
#undef SPLITWAN_BEGUN_lab
#undef SPLITWAN_BEGUN_shared

}  // namespace splitwan::scenarios
