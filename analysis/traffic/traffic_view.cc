#include "analysis/traffic/traffic_view.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"
#include "engine/wire/codecs.hh"
#include "engine/wire/wire.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;
using engine::Json;
using engine::Nanos;
using engine::Op;
using engine::seconds;

using engine::roles::client;

struct Seen {
  Nanos at{};
  bool up = false;
  std::uint64_t bytes = 0;
};

// Of the steps: what opens and closes a session, and spot checks, are of none.
std::vector<Seen> messages_of(const engine::Run& run) {
  std::vector<Seen> all;
  for (const engine::Span& s : run.spans) {
    if (s.party != client || s.op == Op::work || s.step == 0) continue;
    const bool up = s.op == Op::send;
    all.push_back({up ? s.begin : s.arrived, up, s.bytes});
  }
  std::ranges::stable_sort(all, {}, &Seen::at);
  return all;
}

}  // namespace

SeenRun see(const engine::Run& run, const std::string& where) {
  const std::uint64_t row = engine::row_bytes_of(run.header, where);
  const std::vector<Seen> all = messages_of(run);
  SeenRun seen;
  std::vector<std::uint64_t> asked;  // bytes of requests that are not answered yet
  Nanos answered{};
  for (const Seen& m : all) {
    if (m.up) {
      // All was answered: the next step. A prompt's chunks do not wait for answers.
      if (asked.empty()) seen.steps.push_back({.gap_s = seconds(m.at - answered)});
      asked.push_back(m.bytes);
      continue;
    }
    const std::uint64_t payload = m.bytes - std::min<std::uint64_t>(m.bytes, engine::prefix_size);
    if (asked.empty() || payload % row != 0 || asked.front() < m.bytes)
      throw Error("{}: an answer of {} bytes: expected one to a request, of whole rows of {} bytes", where,
                  m.bytes, row);
    const std::uint64_t rows = payload / row;
    seen.steps.back().rows += static_cast<double>(rows);
    seen.steps.back().lists = static_cast<double>(asked.front() - m.bytes);
    asked.erase(asked.begin());
    answered = m.at;
  }
  return seen;
}

}  // namespace splitwan::analysis
