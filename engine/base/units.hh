// Values with units, as users write them: 80ms, 100Mbit, 8KiB. Errors name the value and what was expected.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/types.hh"

namespace splitwan::engine {

Nanos parse_duration(std::string_view);       // ns, us, ms, s, min
double parse_rate(std::string_view);          // bit, kbit, Mbit, Gbit (per second; powers of ten) -> bit/s
std::uint64_t parse_bytes(std::string_view);  // B, kB, MB, GB, KiB, MiB, GiB
double parse_fraction(std::string_view);      // 0.005 or 0.5%, in [0, 1]
std::vector<std::string> split_list(std::string_view, char separator = ',');
// "2,30" -> {2, 30}; empty when any part is no int.
std::vector<int> parse_integers(std::string_view, char separator);

}  // namespace splitwan::engine
