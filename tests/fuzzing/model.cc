// A fitted latency model's file: what is taken can be written, read again and asked.
#include "model/ask/projection.hh"
#include "model/fit/latency_model.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  taken([&] {
    const model::LatencyModel fitted = model::read_model_file(file_with(input));
    const std::string written = model::to_json(fitted).dump();
    model::LatencyModel again;
    must(taken([&] { again = model::read_model_file(file_with(written)); }), "what is written can be read");
    must(model::to_json(again).dump() == written, "a model keeps what it says");
  });
}

const Stands stands("model", feed);

}  // namespace
}  // namespace splitwan::fuzz
