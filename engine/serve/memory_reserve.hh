// A cushion for the moment when memory runs out. Some libraries ask for a little of it where nothing may fail
// (nlohmann's destructor of an object is one): the first refusal gives the cushion back, so that a large
// request fails alone, as std::bad_alloc, and the small ones on the way out of it do not.
#pragma once

#include <cstddef>

namespace splitwan::engine {

// For the whole process, once. Throws std::bad_alloc.
void keep_memory_reserve(std::size_t bytes);

}  // namespace splitwan::engine
