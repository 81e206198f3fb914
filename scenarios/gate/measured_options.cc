#include "scenarios/gate/measured_options.hh"

#include <chrono>
#include <functional>

#include "engine/base/error.hh"
#include "engine/base/units.hh"

namespace splitwan::scenarios {
namespace {

// A value with a unit, read when the command line is.
template <typename Read>
CLI::Option* add_measure(CLI::App& command, const std::string& name, double& value, const std::string& help,
                         const std::string& otherwise, Read read) {
  return command
      .add_option_function<std::string>(
          name,
          [&value, name, read](const std::string& text) {
            try {
              value = read(text);
            } catch (const engine::Error& e) {
              throw CLI::ValidationError(name, e.what());
            }
          },
          help)
      ->default_str(otherwise);
}

double share(const std::string& text) {
  const double value = engine::parse_fraction(text);
  if (value <= 0 || value >= 1)
    throw engine::Error("'{}': expected a share above 0 and below 1, as in 2%", text);
  return value;
}

double seconds(const std::string& text) {
  const double value = std::chrono::duration<double>(engine::parse_duration(text)).count();
  if (value <= 0) throw engine::Error("'{}': expected a time above 0, as in 10min", text);
  return value;
}

}  // namespace

void add_measured_options(CLI::App& command, MeasuredOptions& o) {
  CLI::Option* against = command.add_option(
      "--against", o.against,
      "also measure compute against this splitwan, or the build folder that has it, in turn");
  command
      .add_option("--repetitions", o.repetitions,
                  "of each program, at least (9 or more); more where its power calculation asks for them")
      ->check(CLI::Range(9, 100000))
      ->needs(against)
      ->capture_default_str();
  add_measure(command, "--least-effect", o.least_effect, "a change of measured compute worth failing for",
              "2%", share)
      ->needs(against);
  add_measure(command, "--alpha", o.alpha, "chance of a false alarm where nothing differs", "0.05", share)
      ->needs(against);
  add_measure(command, "--time-limit", o.time_limit_s, "for measuring and counting together", "10min",
              seconds)
      ->needs(against);
  command
      .add_option("--instructions", o.instructions,
                  "count instructions of a few tokens, too: none, perf, callgrind, or auto: perf where the "
                  "machine counts them, else callgrind")
      ->check(CLI::IsMember({"none", "auto", "perf", "callgrind"}))
      ->needs(against)
      ->capture_default_str();
  add_measure(command, "--least-instructions", o.least_instructions,
              "a change of instructions worth failing for", "0.5%", share)
      ->needs(against);
}

}  // namespace splitwan::scenarios
