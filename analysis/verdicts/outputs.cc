#include "analysis/verdicts/outputs.hh"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "analysis/verdicts/benchmark_action.hh"
#include "analysis/verdicts/github.hh"
#include "analysis/verdicts/junit.hh"
#include "analysis/verdicts/pull_request.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"

namespace splitwan::analysis {
namespace {

namespace fs = std::filesystem;
using engine::Error;

struct Chosen {
  std::string option, path;
};

std::vector<Chosen> files_of(const OutputsChosen& chosen) {
  std::vector<Chosen> files;
  if (!chosen.junit.empty()) files.push_back({"--junit", chosen.junit});
  if (!chosen.markdown.empty()) files.push_back({"--markdown", chosen.markdown});
  if (!chosen.html.empty()) files.push_back({"--html", chosen.html});
  if (!chosen.benchmark.empty()) {
    if (chosen.benchmark == "-") return {{"--benchmark", "-"}};
    const BenchmarkPaths paths = benchmark_paths(chosen.benchmark);
    files.push_back({"--benchmark", paths.bigger});
    files.push_back({"--benchmark", paths.smaller});
  }
  return files;
}

bool same_file(const std::string& a, const std::string& b) {
  const bool written_over = !fs::exists(a) || fs::is_regular_file(a);  // not so a device
  return written_over && fs::weakly_canonical(a) == fs::weakly_canonical(b);
}

std::string value_of(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

void complain(std::string_view what) { std::fputs(fmt::format("splitwan: {}\n", what).c_str(), stderr); }

void append_summary(const GateResult& result, const std::string& path) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  const std::size_t used = none ? 0 : static_cast<std::size_t>(size);
  constexpr std::size_t least = 4096;
  if (used + least > most_summary_bytes)
    return complain("the step's summary is full: nothing was added to it");
  std::ofstream out(path, std::ios::binary | std::ios::app);
  out << step_summary(result, most_summary_bytes - used) << std::flush;
  if (!out)
    complain(fmt::format("GITHUB_STEP_SUMMARY: {}: cannot be written: {}", path, std::strerror(errno)));
}

}  // namespace

void check_outputs(const OutputsChosen& chosen, const std::vector<std::string>& inputs) {
  const auto files = files_of(chosen);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].path == "-")
      throw Error("{} -: stdout has the table, or with --json the object; name a file", files[i].option);
    engine::check_output(files[i].path, inputs);
    for (const std::string& input : inputs)  // one that is to be written first may not be there yet
      if (same_file(files[i].path, input))
        throw Error("{}: is an input; write to another file", files[i].path);
    for (std::size_t j = 0; j < i; ++j)
      if (same_file(files[i].path, files[j].path))
        throw Error("{}: is named by {} and {}; write to different files", files[i].path, files[j].option,
                    files[i].option);
  }
}

void write_outputs(const GateResult& result, const OutputsChosen& chosen) {
  if (!chosen.junit.empty()) engine::write_file(chosen.junit, junit_xml(result));
  if (!chosen.markdown.empty()) engine::write_file(chosen.markdown, pull_request_comment(result));
  if (!chosen.benchmark.empty()) {
    const BenchmarkFiles texts = benchmark_files(result);
    const BenchmarkPaths paths = benchmark_paths(chosen.benchmark);
    engine::write_file(paths.bigger, texts.bigger);
    engine::write_file(paths.smaller, texts.smaller);
  }
  if (const std::string summary = value_of("GITHUB_STEP_SUMMARY"); !summary.empty())
    append_summary(result, summary);
  if (value_of("GITHUB_ACTIONS") == "true") std::fputs(annotations(result).c_str(), stderr);
}

}  // namespace splitwan::analysis
