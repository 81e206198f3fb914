// `splitwan-engine`: the subcommands that run a model. Users call it through `splitwan`.
#include "scenarios/commands/commands.hh"

int main(int argc, char** argv) {
  CLI::App app("splitwan's engine", "splitwan");
  splitwan::scenarios::Chosen chosen;
  splitwan::scenarios::add_engine_commands(app, chosen);
  return splitwan::scenarios::run_program(app, chosen, argc, argv);
}
