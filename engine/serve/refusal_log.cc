#include "engine/serve/refusal_log.hh"

#include <fmt/format.h>

namespace splitwan::engine {
namespace {

constexpr int most_lines = 10;  // a second
constexpr Nanos a_second = std::chrono::seconds(1);

}  // namespace

void RefusalLog::tell(Refusal r, const std::string& peer, std::string_view words, Nanos now) {
  watch_.refused(name_of(r));
  summarise(now);
  if (words.empty() || ++told_ > most_lines)
    ++untold_[static_cast<std::size_t>(r)];
  else
    watch_.log(Level::warning, fmt::format("client {}: refused: {}", peer, words));
}

void RefusalLog::summarise(Nanos now) {
  if (now - second_ < a_second) return;
  second_ = now;
  told_ = 0;
  for (std::size_t i = 0; i < untold_.size(); ++i) {
    if (untold_[i] == 0) continue;
    watch_.log(Level::warning,
               fmt::format("{} more refused: {}", untold_[i], name_of(static_cast<Refusal>(i))));
    untold_[i] = 0;
  }
}

}  // namespace splitwan::engine
