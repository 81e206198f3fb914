// `splitwan-lab`: the subcommands that train and attack models. Users call it through `splitwan`.
#include "scenarios/commands/commands.hh"

int main(int argc, char** argv) {
  CLI::App app("splitwan's laboratory", "splitwan");
  splitwan::scenarios::Chosen chosen;
  splitwan::scenarios::add_lab_commands(app, chosen);
  return splitwan::scenarios::run_program(app, chosen, argc, argv);
}
