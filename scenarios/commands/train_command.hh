// The `train` subcommand.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace splitwan::scenarios {

// Adds the subcommand; when the user chooses it, `chosen` becomes what runs it and returns the exit code.
void add_train_command(CLI::App&, std::function<int()>& chosen);

}  // namespace splitwan::scenarios
