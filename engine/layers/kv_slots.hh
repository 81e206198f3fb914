// Where the keys and values of a cache lie: slots of rows in order of position, then rows of the step in
// flight.
#pragma once

namespace splitwan::engine {

class KvSlots {
 public:
  virtual ~KvSlots() = default;
  virtual void reserve(int slots, int used) = 0;  // room for so many, of which the first `used` are kept
  virtual void move(int from, int to) = 0;        // in all layers
};

}  // namespace splitwan::engine
