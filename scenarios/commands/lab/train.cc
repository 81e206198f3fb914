#include "scenarios/commands/commands.hh"

#include <CLI/CLI.hpp>
#include <memory>

#include "scenarios/train/train.hh"

namespace splitwan::scenarios {

void add_train_command(CLI::App& command, Chosen& chosen) {
  auto options = std::make_shared<TrainOptions>();
  command.add_option("recipe", options->recipe, "recipe, a JSON file")->required();
  command
      .add_option("-o,--output", options->output, "folder of the model; an interrupted run in it is resumed")
      ->required();
  command.add_option("--minutes", options->minutes, "stop after so many minutes, wherever the schedule is")
      ->check(CLI::PositiveNumber);
  command.add_option("--save-minutes", options->save_minutes, "minutes between saves")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--stop-at", options->stop_at, "save and stop at this step, for inspection")
      ->check(CLI::PositiveNumber);
  command.add_flag("--json", options->json, "print the result as one JSON object");
  command.callback([options, &chosen] { chosen = [options] { return train(*options); }; });
}

}  // namespace splitwan::scenarios
