// Which choice gives most tokens over a link.
#pragma once

#include "model/ask/projection.hh"
#include "model/ask/variant.hh"

namespace splitwan::model {

struct Choice {
  Variant variant;
  Point point;
  // What it gains is not known, only that it is at least this. Not ranked.
  bool bound = false;
};

struct Advice {
  std::vector<Choice> choices;         // best first; bounds behind them
  std::size_t ranked = 0, bounds = 0;  // of all, shown or not
  std::size_t passed_over = 0;         // of the ranked: bytes and work alone keep them from the best
};

// Every split (as fitted, 1+1 to 8+8 layers), wire precision and drafter (those that ran, and those rehearsed
// on the runs' texts) over a link: the best `most` of them. Steps narrower than any that was traced or
// rehearsed are bounds. What `given` fixes is not varied; nor is what the model's traces do not tell about
// (no geometry, no plan), which `assumptions` then say.
Advice advise(const LatencyModel&, const Variant& given, const Condition&, std::size_t most,
              std::vector<std::string>& assumptions);
Json to_json(const Choice&);

}  // namespace splitwan::model
