// The fitted system, changed: another split, wire precision, width or model, from first principles.
#pragma once

#include <optional>

#include "engine/base/geometry.hh"
#include "model/fit/latency_model.hh"

namespace splitwan::model {

struct Variant {
  std::optional<int> head, tail;             // layers that the client keeps
  std::string wire;                          // a codec's name; "" = as fitted
  std::optional<engine::Geometry> geometry;  // of another model
  std::optional<double> width;               // most rows of a step: what is beyond is not guessed
  std::optional<double> tokens_per_step;
  double client_speed = 1, server_speed = 1;  // against the machines fitted on
  bool plain() const;
};

// The model as it would be; what that takes for granted is added to `assumptions`. Throws Error naming what
// is not known (the trace's geometry or plan) or not possible (a split that leaves the server nothing).
LatencyModel vary(const LatencyModel&, const Variant&, std::vector<std::string>& assumptions);

}  // namespace splitwan::model
