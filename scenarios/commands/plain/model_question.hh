// What project and advise are asked about: a link, and how the fitted system would be changed.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/ask/variant.hh"
#include "scenarios/imports/probed_path.hh"

namespace splitwan::scenarios {

struct LinkWords {
  std::string rtt, bandwidth, up, down, loss, jitter,
      queue;          // as people write them; empty = as most fitted runs had
  std::string probe;  // a file that `link --probe` wrote: then as it was measured
};
void add_link_options(CLI::App&, LinkWords&);

struct VariantWords {
  std::string split, wire, geometry;
  std::optional<double> width, tokens_per_step;
  double client_speed = 1, server_speed = 1;
};
void add_variant_options(CLI::App&, VariantWords&);

// Round-trip times ascending as given; all but them is the same. Throws Error naming the value.
std::vector<model::Condition> conditions_of(const LinkWords&, const model::LatencyModel&);
// As a probe measured it, what it did not tell as most fitted runs had it.
model::Condition condition_on(const ProbedPath&, const model::LatencyModel&);
// What is taken for granted of it, in words.
std::string queue_assumed(const model::Condition&);

model::Variant variant_of(const VariantWords&);

}  // namespace splitwan::scenarios
