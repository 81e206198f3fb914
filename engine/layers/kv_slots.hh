// Where the keys and values of a cache lie: slots of rows in order of position, then rows of the step in
// flight.
#pragma once

#include <cstdint>

namespace splitwan::engine {

class KvSlots {
 public:
  virtual ~KvSlots() = default;
  // Room for so many, of which the first `used` are kept. What is far beyond is given back.
  virtual void fit(int slots, int used) = 0;
  virtual void move(int from, int to) = 0;  // in all layers
  virtual std::uint64_t bytes() const = 0;  // of memory that they take
};

}  // namespace splitwan::engine
