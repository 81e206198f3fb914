// Traces of a world whose every coefficient is known, as a client and a server would record them.
#pragma once

#include <array>
#include <random>

#include "engine/trace.hh"

namespace splitwan::test {

// Seconds: fixed, per row, per row and token of context.
using PlantedCost = std::array<double, 3>;

struct World {
  PlantedCost client{4e-3, 300e-6, 1e-6}, server{15e-3, 500e-6, 2e-6};
  double overhead_s = 1e-3;
  std::vector<double> rtts_s{0.020, 0.040, 0.080, 0.150};
  std::vector<double> rates_bps{100e6};  // up; down is twice that
  std::vector<std::string> drafters{"sequential", "ngram"};
  std::uint32_t prompt_tokens = 12;
  int steps = 60;            // decode steps per run
  double noise = 0;          // relative, on each piece of work
  double outlier_share = 0;  // of steps whose work takes ten times as long
  double extra_per_rtt = 0,
         extra_per_squared_row_s = 0;  // of the network's time: what no term of the model says
  double luck_per_rtt = 0;             // share of steps that gain 4 tokens, per second of RTT
  std::uint64_t seed = 1;

  static double at(const PlantedCost& c, double rows, double context) {
    return c[0] + c[1] * rows + c[2] * rows * context;
  }
};

// Rates x RTTs x drafters x two prompt classes, one run each.
std::vector<engine::Run> synthesise(const World&);
std::string trace_text(const std::vector<engine::Run>&);
std::uint64_t message_bytes(std::uint32_t rows);

}  // namespace splitwan::test
