// Why somebody is not served, or not any longer: a few fixed names for metrics, and words for who asked.
#pragma once

#include <cstdint>
#include <string_view>

namespace splitwan::engine {

enum class Refusal : std::uint8_t {
  strangers,    // too many connections that have said nothing
  sessions,     // all are taken
  source,       // all that one address may have
  hello,        // not one, or of another model
  token,        // wrong or missing
  draining,     // the server is about to end
  request,      // what came made no sense
  sequence,     // a numbered message is missing
  bytes,        // more under way than the server holds
  memory,       // of caches
  descriptors,  // the system is out of them
  measure       // more was asked than a probe may
};

std::string_view name_of(Refusal);
std::string_view words_of(Refusal);  // for the peer, where it is worth any

// How sessions end.
enum class Ending : std::uint8_t { bye, lost, idle, refused, replaced, memory, expired, drained };
std::string_view name_of(Ending);

}  // namespace splitwan::engine
