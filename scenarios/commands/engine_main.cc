// `splitwan-engine`: the subcommands that run a model. Users call it through `splitwan`.
#include "scenarios/commands/attack_command.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/train_command.hh"

int main(int argc, char** argv) {
  CLI::App app("splitwan's engine", "splitwan");
  splitwan::scenarios::Chosen chosen;
  splitwan::scenarios::add_run_command(app, chosen);
  splitwan::scenarios::add_generate_command(app, chosen);
  splitwan::scenarios::add_serve_command(app, chosen);
  splitwan::scenarios::add_export_command(app, chosen);
  splitwan::scenarios::add_bench_command(app, chosen);
  splitwan::scenarios::add_verify_command(app, chosen);
  splitwan::scenarios::add_attack_command(app, chosen);
  splitwan::scenarios::add_train_command(app, chosen);
  return splitwan::scenarios::run_program(app, chosen, argc, argv);
}
