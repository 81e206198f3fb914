#include "scenarios/imports/mahimahi.hh"

#include <charconv>

#include "scenarios/imports/lines.hh"

namespace splitwan::scenarios {
namespace {

constexpr std::uint64_t longest = 8'640'000'000;  // 100 days, as of any schedule

}  // namespace

// The rules of its own reader, LinkQueue's constructor in src/frontend/link_queue.cc.
std::vector<netsim::LinkTime> read_mahimahi(const std::string& path) {
  std::vector<netsim::LinkTime> moments;
  const std::vector<std::string> lines = read_lines(path);
  if (lines.empty()) refuse_line(path, 1, "a whole number of milliseconds", "an empty file");
  for (const std::string& line : lines) {
    std::uint64_t ms = 0;
    const char* end = line.data() + line.size();
    const auto [stop, status] = std::from_chars(line.data(), end, ms);
    const std::size_t number = moments.size() + 1;
    if (status != std::errc{} || stop != end || ms > longest)
      refuse_line(path, number, "a whole number of milliseconds, up to 100 days", in_quotes(line));
    const netsim::LinkTime moment = std::chrono::milliseconds(ms);
    if (!moments.empty() && moment < moments.back())
      refuse_line(path, number, fmt::format("{} or later", moments.back().count() / 1'000'000), line);
    moments.push_back(moment);
  }
  if (moments.back() == netsim::LinkTime{})
    refuse_line(path, lines.size(), "a last moment above 0", lines.back());
  return moments;
}

}  // namespace splitwan::scenarios
