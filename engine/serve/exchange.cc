#include "engine/serve/exchange.hh"

#include <algorithm>

namespace splitwan::engine {

Exchange::Next Exchange::takes(std::uint32_t number) {
  if (ignoring_ > 0) {
    --ignoring_;
    return Next::ignored;
  }
  if (number == 0) return Next::work;
  if (anywhere_) {
    anywhere_ = false;
    forgotten_ = number - 1;
  } else if (number <= taken_) {
    asked_ = std::max(asked_, number);
    return kept(number) ? Next::again : number <= forgotten_ ? Next::lost : Next::known;
  } else if (number != taken_ + 1) {
    return Next::missing;
  }
  taken_ = asked_ = number;
  return Next::work;
}

void Exchange::acknowledged(std::uint32_t number) {
  while (!kept_.empty() && kept_.front().header.seq <= number) {
    bytes_ -= wire_size(kept_.front());
    kept_.pop_front();
  }
}

const Message* Exchange::kept(std::uint32_t number) const {
  const auto found =
      std::ranges::lower_bound(kept_, number, {}, [](const Message& m) { return m.header.seq; });
  return found != kept_.end() && found->header.seq == number ? &*found : nullptr;
}

void Exchange::keep(Message reply) {
  const std::uint32_t number = reply.header.seq;
  if (number == 0 || (!kept_.empty() && kept_.back().header.seq >= number)) return;
  bytes_ += wire_size(reply);
  kept_.push_back(std::move(reply));
  while (bytes_ > most_kept_ && !kept_.empty()) {
    forgotten_ = kept_.front().header.seq;
    bytes_ -= wire_size(kept_.front());
    kept_.pop_front();
  }
}

void Exchange::take_back(std::uint32_t messages) { taken_ -= std::min(taken_, messages); }

bool Exchange::continues(std::uint32_t received, std::uint32_t first) const {
  return !anywhere_ && first <= taken_ + 1 && received <= taken_ && received >= forgotten_;
}

void Exchange::begins_anew(std::uint32_t in_flight) {
  kept_.clear();
  bytes_ = 0;
  taken_ = forgotten_ = asked_ = 0;
  ignoring_ = in_flight;
  anywhere_ = true;
}

}  // namespace splitwan::engine
