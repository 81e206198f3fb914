#include "engine/wire/wire.hh"

#include <algorithm>
#include <cstring>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

constexpr std::string_view kind_names[] = {"",     "hello",    "welcome", "request", "reply", "error",
                                           "bye",  "ping",     "pong",    "feed",    "check", "commitment",
                                           "draw", "evidence", "measure", "measured"};
constexpr Kind last_kind = Kind::measured;
static_assert(std::size(kind_names) == static_cast<std::size_t>(last_kind) + 1);

// Layout of the 64-byte prefix, little endian:
//  0 magic u32 "SWAN"   4 version u16   6 kind u8   7 dtype u8   8 step u64   16 rows u32   20 width u32
// 24 context u32   28 keep count u32   32 parent count u32   36 layer u32   40 held i64 ns   48 payload u64
// 56 seq u32   60 ack u32
constexpr std::uint32_t magic = 0x4e415753;
// How TLS records begin that come first (RFC 8446, 5.1): type, and the version's first byte.
constexpr std::uint32_t tls_handshake = 0x0316, tls_alert = 0x0315;
static_assert(std::endian::native == std::endian::little, "the codec copies integers as they are");

bool is_text(Kind kind) {
  return kind == Kind::hello || kind == Kind::welcome || kind == Kind::error || kind == Kind::bye;
}

template <typename T>
void put(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

template <typename T>
T get(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace

std::string_view name_of(Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::size_t wire_size(const Message& m) {
  return prefix_size + sizeof(std::int32_t) * (m.header.keep.size() + m.header.parent.size()) +
         m.payload.size();
}

Bytes encode(const Message& m) {
  Bytes out(wire_size(m));
  std::byte* p = out.data();
  const Header& h = m.header;
  put(p, magic);
  put(p + 4, protocol_version);
  put(p + 6, h.kind);
  put(p + 7, h.dtype);
  put(p + 8, h.step);
  put(p + 16, h.rows);
  put(p + 20, h.width);
  put(p + 24, h.context);
  put(p + 28, static_cast<std::uint32_t>(h.keep.size()));
  put(p + 32, static_cast<std::uint32_t>(h.parent.size()));
  put(p + 36, h.layer);
  put(p + 40, static_cast<std::int64_t>(h.held.count()));
  put(p + 48, static_cast<std::uint64_t>(m.payload.size()));
  put(p + 56, h.seq);
  put(p + 60, h.ack);
  p += prefix_size;
  for (const auto* list : {&h.keep, &h.parent}) {
    if (!list->empty()) std::memcpy(p, list->data(), list->size() * sizeof(std::int32_t));
    p += list->size() * sizeof(std::int32_t);
  }
  if (!m.payload.empty()) std::memcpy(p, m.payload.data(), m.payload.size());
  return out;
}

Sizes read_prefix(const Prefix& prefix, const Limits& limits, Header& h) {
  const std::byte* p = prefix.data();
  const auto found = get<std::uint32_t>(p);
  if ((found & 0xffff) == tls_handshake || (found & 0xffff) == tls_alert)
    throw Error("peer speaks TLS, this side does not");
  if (found != magic) {
    throw Error("peer does not speak splitwan: expected magic {:#010x}, found {:#010x}", magic, found);
  }
  if (const auto version = get<std::uint16_t>(p + 4); version != protocol_version) {
    throw Error("peer speaks protocol version {}, this build speaks {}", version, protocol_version);
  }
  h.kind = get<Kind>(p + 6);
  if (h.kind < Kind::hello || h.kind > last_kind) {
    throw Error("peer sent an unknown message kind {}", static_cast<int>(h.kind));
  }
  h.dtype = get<std::uint8_t>(p + 7);
  h.step = get<std::uint64_t>(p + 8);
  h.rows = get<std::uint32_t>(p + 16);
  h.width = get<std::uint32_t>(p + 20);
  h.context = get<std::uint32_t>(p + 24);
  const auto keep = get<std::uint32_t>(p + 28), parent = get<std::uint32_t>(p + 32);
  h.layer = get<std::uint32_t>(p + 36);
  h.held = Nanos(get<std::int64_t>(p + 40));
  const auto payload = get<std::uint64_t>(p + 48);
  h.seq = get<std::uint32_t>(p + 56);
  h.ack = get<std::uint32_t>(p + 60);
  const std::uint64_t most = is_text(h.kind) ? std::min(limits.payload, longest_text) : limits.payload;
  if (h.rows > limits.rows || keep > limits.listed || parent > limits.listed || payload > most) {
    throw Error(
        "peer announced a message over the limits: {} rows, {} kept, {} parents, {} bytes (at most {} rows, "
        "{} listed, {} bytes)",
        h.rows, keep, parent, payload, limits.rows, limits.listed, most);
  }
  h.keep.resize(keep);
  h.parent.resize(parent);
  return {sizeof(std::int32_t) * (keep + parent), static_cast<std::size_t>(payload)};
}

void read_lists(std::span<const std::byte> lists, Header& h) {
  const std::byte* p = lists.data();
  for (auto* list : {&h.keep, &h.parent}) {
    if (!list->empty()) std::memcpy(list->data(), p, list->size() * sizeof(std::int32_t));
    p += list->size() * sizeof(std::int32_t);
  }
}

Message decode(std::span<const std::byte> bytes, const Limits& limits) {
  if (bytes.size() < prefix_size) throw Error("message of {} bytes is shorter than its header", bytes.size());
  Prefix prefix;
  std::memcpy(prefix.data(), bytes.data(), prefix_size);
  Message m;
  const Sizes sizes = read_prefix(prefix, limits, m.header);
  if (bytes.size() != prefix_size + sizes.lists + sizes.payload) {
    throw Error("message announces {} bytes, holds {}", prefix_size + sizes.lists + sizes.payload,
                bytes.size());
  }
  read_lists(bytes.subspan(prefix_size, sizes.lists), m.header);
  const auto payload = bytes.subspan(prefix_size + sizes.lists);
  m.payload.assign(payload.begin(), payload.end());
  return m;
}

}  // namespace splitwan::engine
