#include "engine/serve/admission.hh"

#include <arpa/inet.h>

#include <algorithm>

namespace splitwan::engine {

std::string source_of(const std::string& address) {
  std::string bare = address;
  if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
  in6_addr six{};
  in_addr four{};
  if (::inet_pton(AF_INET6, bare.c_str(), &six) == 1) {
    if (IN6_IS_ADDR_LOOPBACK(&six)) return "loopback";
    if (IN6_IS_ADDR_V4MAPPED(&six)) return source_of(bare.substr(bare.rfind(':') + 1));
    std::fill(six.s6_addr + 8, six.s6_addr + 16, std::uint8_t{0});
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET6, &six, text, sizeof text);
    return std::string(text) + "/64";
  }
  if (::inet_pton(AF_INET, bare.c_str(), &four) == 1 && (ntohl(four.s_addr) >> 24) == 127) return "loopback";
  return address;
}

// One that had its chance, if there is any: the one silent for longest. Else the newest of the fullest
// source.
Admission::Id Admission::stranger_to_drop(const std::string* of_source, Nanos now) const {
  Id newest = 0;
  int fullest = 0;
  for (const auto& [id, seat] : taken_) {
    if (seat.session || (of_source && seat.source->first != *of_source)) continue;
    if (now - seat.since > seats_.courtesy) return id;
    if (const int count = seat.source->second.strangers; count >= fullest) {
      fullest = count;
      newest = id;
    }
  }
  return newest;
}

Admission::Verdict Admission::connects(Id id, const std::string& source, Nanos now) {
  const auto place = sources_.try_emplace(source).first;
  taken_.insert_or_assign(id, Seat{place, false, now});
  ++place->second.strangers;
  ++strangers_;
  const bool own = place->second.strangers > seats_.per_source_strangers;
  if (!own && strangers_ <= seats_.strangers) return {};
  const Id victim = stranger_to_drop(own ? &source : nullptr, now);
  leaves(victim);
  if (victim == id) return {Refusal::strangers, {}};
  return {{}, victim};
}

std::optional<Refusal> Admission::begins(Id id) {
  const auto seat = taken_.find(id);
  if (seat == taken_.end()) return Refusal::strangers;
  Source& source = seat->second.source->second;
  if (source.sessions >= seats_.per_source) return Refusal::source;
  if (sessions_ >= seats_.sessions) return Refusal::sessions;
  seat->second.session = true;
  --source.strangers;
  --strangers_;
  ++source.sessions;
  ++sessions_;
  return std::nullopt;
}

void Admission::parts(Id id) noexcept {
  const auto seat = taken_.find(id);
  if (seat == taken_.end() || !seat->second.session) return;
  Source& source = seat->second.source->second;
  seat->second.session = false;
  --source.sessions;
  --sessions_;
  ++source.strangers;
  ++strangers_;
}

void Admission::leaves(Id id) noexcept {
  const auto seat = taken_.find(id);
  if (seat == taken_.end()) return;
  parts(id);
  const auto source = seat->second.source;
  --source->second.strangers;
  --strangers_;
  taken_.erase(seat);
  if (source->second.strangers == 0 && source->second.sessions == 0) sources_.erase(source);
}

std::optional<std::string> Admission::crowding(const std::string& source) const {
  const auto own = sources_.find(source);
  const int count = own == sources_.end() ? 0 : own->second.sessions;
  const auto fullest =
      std::ranges::max_element(sources_, {}, [](const auto& named) { return named.second.sessions; });
  if (fullest == sources_.end() || fullest->second.sessions <= count + 1) return std::nullopt;
  return fullest->first;
}

}  // namespace splitwan::engine
