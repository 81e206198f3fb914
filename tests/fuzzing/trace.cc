// A trace: what is taken can be written, read again and observed.
#include <sstream>

#include "engine/party/trace.hh"
#include "model/observe/observation.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  taken([&] {
    std::istringstream in{std::string(input)};
    const std::vector<engine::Run> runs = engine::read_trace(in, "trace");
    std::stringstream written;
    for (const engine::Run& run : runs) engine::write(written, run);
    std::vector<engine::Run> again;
    must(taken([&] { again = engine::read_trace(written, "again"); }), "what is written can be read");
    must(again.size() == runs.size(), "a trace keeps its runs");
    for (std::size_t i = 0; i < runs.size(); ++i)
      must(again[i].spans == runs[i].spans && again[i].steps == runs[i].steps, "a run keeps its lines");
    static_cast<void>(model::observe(runs));
  });
}

const Stands stands("trace", feed);

}  // namespace
}  // namespace splitwan::fuzz
