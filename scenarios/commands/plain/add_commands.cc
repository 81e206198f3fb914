#include "scenarios/commands/commands.hh"

namespace splitwan::scenarios {

void add_plain_commands(CLI::App& app, Chosen& chosen, const HandOn& hand_on) {
#define SPLITWAN_ADD_plain(name, added) add_##name##_command(added, chosen);
#define SPLITWAN_ADD_shared(name, added) begin_##name##_command(added, chosen, hand_on);
#define SPLITWAN_ADD_engine(name, added) (void)(added);
#define SPLITWAN_ADD_lab(name, added) (void)(added);
#define COMMAND(program, name, help)                    \
  {                                                     \
    CLI::App& added = *app.add_subcommand(#name, help); \
    SPLITWAN_ADD_##program(name, added)                 \
  }
#include "scenarios/commands/table.inc"
#undef COMMAND
}

}  // namespace splitwan::scenarios
