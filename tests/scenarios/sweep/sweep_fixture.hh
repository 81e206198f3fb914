// A small replay scenario with a profile of its own, and designs over it.
#pragma once

#include <gmock/gmock.h>

#include <fstream>

#include "scenarios/sweep/run_sweep.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {

class SweptFolder {
 public:
  SweptFolder() {
    std::filesystem::copy_file(SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json",
                               folder_ / "profile.json");
    write("s.json", scenario);
  }
  std::string operator/(const std::string& file) const { return folder_ / file; }
  void write(const std::string& file, const Json& json) const { std::ofstream(folder_ / file) << json; }

  Json scenario = {{"name", "tiny"},
                   {"replay", {{"profile", "profile.json"}, {"batches", {{"prompt", 4}, {"steps", 2}}}}},
                   {"network", {{"kind", "ideal"}, {"rtt", "80ms"}, {"rate", "100Mbit"}}}};

  // Of a design over s.json, written as d.json.
  SweepResult sweep(Json design, SweepOptions options = {}) {
    design["scenario"] = "s.json";
    write("d.json", design);
    options.design = folder_ / "d.json";
    SweepWatch watch;
    watch.progress = [&](std::size_t done, std::size_t total, const std::string&) {
      most_done = std::max(most_done, done);
      EXPECT_LE(done, total);
      if (done >= stop_at) stopped = true;
    };
    watch.remark = [&](const std::string& text) { remarks += text + "\n"; };
    watch.stop = [&] { return stopped; };
    return run_sweep(options, watch);
  }
  std::string remarks;
  std::size_t most_done = 0, stop_at = std::string::npos;
  bool stopped = false;

 private:
  tests::TemporaryFolder folder_;
};

inline const Json two_by_three = {
    {"factors", {{"network.rtt", {"20ms", "80ms"}}, {"network.rate", {"10Mbit", "100Mbit", "1Gbit"}}}}};

}  // namespace splitwan::scenarios
