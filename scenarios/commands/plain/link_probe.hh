// `splitwan link --probe`: what the path to a running server carries, and what a model says of it.
#pragma once

#include <CLI/CLI.hpp>

#include "scenarios/read/protection.hh"

namespace splitwan::scenarios {

struct ProbeOptions {
  std::string server;  // HOST:PORT or unix:PATH
  std::string model;   // a latency model's file: tokens per second to expect; "" = none
  std::string timeout = "30s";
  Protection protection;
};

CLI::Option* add_probe_options(CLI::App&, ProbeOptions&);  // the one that asks for it

int probe_link(const ProbeOptions&, const std::string& output, bool json);

}  // namespace splitwan::scenarios
