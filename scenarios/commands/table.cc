#include "scenarios/commands/commands.hh"

namespace splitwan::scenarios {

std::span<const CommandRow> command_table() {
  static constexpr CommandRow rows[] = {
#define COMMAND(program, name, help) {Program::program, #name, help},
#include "scenarios/commands/table.inc"
#undef COMMAND
  };
  return rows;
}

}  // namespace splitwan::scenarios
