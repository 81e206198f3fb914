// Counting by the processor itself (perf_event_open(2)): a child's user-space instructions.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace splitwan::scenarios {

// What the kernel counts: its perf_event_attr's type and config.
struct PerfEvent {
  std::uint32_t type;
  std::uint64_t config;
};
extern const PerfEvent hardware_instructions;

// Empty where the machine counts instructions; else why not: "perf events: No such file or directory".
std::string why_perf_cannot_count(const PerfEvent& = hardware_instructions);

// Of a command and all that it starts, from its exec on. Nothing: `stop` ended it. Throws Error naming the
// program.
std::optional<std::uint64_t> perf_count(const std::vector<std::string>& command,
                                        const std::function<bool()>& stop,
                                        const PerfEvent& = hardware_instructions);

}  // namespace splitwan::scenarios
