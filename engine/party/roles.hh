// Who is who, where a model is split in two: everywhere a party is a number, and these are the numbers.
#pragma once

#include "engine/base/types.hh"

namespace splitwan::engine::roles {

inline constexpr PartyId client = 0;  // holds the text, the outer layers, and the clock that counts
inline constexpr PartyId server = 1;  // untrusted: the middle layers

}  // namespace splitwan::engine::roles
