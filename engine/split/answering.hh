// What servers of several sessions have in common: each one's trouble is its own.
#pragma once

#include "engine/serve/served.hh"
#include "engine/split/passage.hh"

namespace splitwan::engine {

// The time since it was asked before.
class Lap {
 public:
  Nanos operator()() {
    const auto now = std::chrono::steady_clock::now();
    return now - std::exchange(since_, now);
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

// Does the job, unless the session is refused already; what it throws is the refusal.
template <typename Job>
void attempt(Asked& asked, Job&& job) {
  if (!asked.refusal.empty()) return;
  try {
    job();
  } catch (const std::exception& e) {
    const std::string_view words = e.what();
    asked.refusal = words.substr(0, words.find('\n'));  // torch adds where it was
    asked.reply.reset();
    asked.more = false;
  }
}

// Rows of all that are not refused, together. -> rows that were computed.
template <typename PassageOf>
std::uint32_t proceed(const LayerStack& layers, std::span<Asked> all, const PassageOf& passage_of) {
  std::vector<Advance> advances;
  std::vector<Asked*> whose;
  for (Asked& one : all) {
    if (!one.refusal.empty()) continue;
    advances.push_back({&passage_of(one), one.rows});
    whose.push_back(&one);
  }
  const std::uint32_t rows = proceed(layers, advances);
  for (std::size_t i = 0; i < whose.size(); ++i) whose[i]->refusal = advances[i].failure;
  return rows;
}

}  // namespace splitwan::engine
