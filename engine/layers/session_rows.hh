// Sessions whose rows go through layers together.
#pragma once

#include "engine/layers/kv_cache.hh"

namespace splitwan::engine {

// Looks at one session's rows between layers.
class LayerObserver {
 public:
  virtual ~LayerObserver() = default;
  // [rows, width] on the host. boundary 0: as they came in; i: as the stack's i-th layer left them. Of the
  // last boundary only those rows that are wanted.
  virtual void see(int boundary, std::span<const float> rows) = 0;
};

struct SessionRows {
  KvCache* cache = nullptr;  // its step open; cache->rows() of the call's rows are the session's
  std::int64_t wanted = 0;   // of those, the last ones: the results that are of interest
  LayerObserver* observer = nullptr;
};

}  // namespace splitwan::engine
