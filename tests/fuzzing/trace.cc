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
    std::ostringstream once_more;
    for (const engine::Run& run : again) engine::write(once_more, run);
    must(once_more.str() == written.str(), "a trace keeps what it says");
    static_cast<void>(model::observe(runs));
  });
}

const Stands stands("trace", feed);

}  // namespace
}  // namespace splitwan::fuzz
