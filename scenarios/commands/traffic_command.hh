// traffic: what message sizes and timings alone tell.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace splitwan::scenarios {

void add_traffic_command(CLI::App&, std::function<int()>& chosen);

}  // namespace splitwan::scenarios
