// One factor of a design: a scenario's key and the values that it takes.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

using engine::Json;

// From one value to another, both with their unit; values between them are written in the first one's unit.
class FactorRange {
 public:
  // {"from": "5ms", "to": "300ms", "scale": "log" or "linear"}. Throws Error naming `where`.
  FactorRange(const Json&, const std::string& where);
  Json at(double share) const;  // share in [0, 1)

 private:
  enum class Kind : std::uint8_t { whole, number, duration, rate, bytes, percent };
  static std::pair<Kind, double> quantity(const Json&, const std::string& where);

  Kind kind_ = Kind::number;
  double from_ = 0, to_ = 0;  // ns, bit/s, bytes, percent, or as they are
  bool log_ = false;
  std::string unit_;
};

struct Factor {
  std::string key;                   // "network.rtt"
  std::vector<Json> levels = {};     // as written, or
  std::optional<FactorRange> range;  // what is drawn from
  Json at(double share) const;       // equal shares for the levels
};

}  // namespace splitwan::scenarios
