#include "scenarios/commands/commands.hh"

namespace splitwan::scenarios {

void add_lab_commands(CLI::App& app, Chosen& chosen) {
#define SPLITWAN_ADD_lab(name, help) add_##name##_command(*app.add_subcommand(#name, help), chosen);
#define SPLITWAN_ADD_shared(name, help) add_##name##_study_command(*app.add_subcommand(#name, help), chosen);
#define SPLITWAN_ADD_plain(name, help)
#define SPLITWAN_ADD_engine(name, help)
#define COMMAND(program, name, help) SPLITWAN_ADD_##program(name, help)
#include "scenarios/commands/table.inc"
#undef COMMAND
}

}  // namespace splitwan::scenarios
