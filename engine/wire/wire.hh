// What crosses the network: a fixed little-endian header, two short row lists, the payload.
#pragma once

#include <array>
#include <bit>
#include <string_view>

#include "engine/base/types.hh"

namespace splitwan::engine {

constexpr std::uint16_t protocol_version = 3;

// ping and pong are between the ends of a live connection; no party sees them. A pong repeats the ping's
// step, and its context is how many segments its sender has sent again so far.
// feed: a request whose rows are a committed chain and which is not answered: a lost cache is filled again.
// check, commitment, draw, evidence: a client checks what the server computed (split/checks.hh). A check
// keeps rows as a request does. measure, measured: what the path carries. `context` bytes are asked for;
// nobody computes.
enum class Kind : std::uint8_t {
  hello = 1,
  welcome,
  request,
  reply,
  error,
  bye,
  ping,
  pong,
  feed,
  check,
  commitment,
  draw,
  evidence,
  measure,
  measured
};
std::string_view name_of(Kind);

constexpr std::int32_t no_row = -1;

struct Header {
  Kind kind = Kind::request;
  std::uint8_t dtype = 0;     // id of the codec
  std::uint64_t step = 0;     // counts forward passes of a session; a prompt's chunks share one
  std::uint32_t rows = 0;     // rows of the payload tensor
  std::uint32_t width = 0;    // columns of the payload tensor
  std::uint32_t context = 0;  // committed rows that the sender assumes after `keep` is applied
  std::uint32_t layer = 0;    // between nodes that share a layer's attention: which
  Nanos held{};               // reply: how long the server held the request, on its own clock
  // Of a live session that can be resumed: requests and feeds are numbered from 1 on, a reply repeats its
  // request's number; `ack`: all replies up to this one have come. 0 elsewhere.
  std::uint32_t seq = 0, ack = 0;
  // request: rows of the previous batch to commit, root first; no_row at its end only makes it longer
  std::vector<std::int32_t> keep;
  std::vector<std::int32_t> parent;  // request: the tree; empty = a chain
};

struct Message {
  Header header;
  Bytes payload;
};

constexpr std::size_t prefix_size = 64;
using Prefix = std::array<std::byte, prefix_size>;

// Rows of a step: more than any drafter's tree has (lookahead-64-16-64: 1921). Branches share positions, so
// that a tree may have more rows than a small model's context.
constexpr int widest_tree = 2048;

// Bytes of a hello, a welcome, an error or a goodbye, whatever the limits.
constexpr std::uint64_t longest_text = 1 << 16;

// Upper bounds that a receiver enforces before it allocates.
struct Limits {
  std::uint32_t rows = 1 << 16;
  std::uint64_t payload = 256u << 20;
  std::uint64_t first_payload = payload;  // of a connection's first message: a stranger's
  std::uint32_t listed = rows;            // entries of each row list
};

// Bytes of the whole message on the wire: what sockets send and what simulated links carry.
std::size_t wire_size(const Message&);
Bytes encode(const Message&);

struct Sizes {
  std::size_t lists = 0, payload = 0;  // bytes that follow the prefix
};
// Throws Error on a foreign magic, another protocol version (states both) or sizes over the limits.
Sizes read_prefix(const Prefix&, const Limits&, Header& into);
// `lists` are the bytes after the prefix: keep, then parent.
void read_lists(std::span<const std::byte> lists, Header& into);
Message decode(std::span<const std::byte>, const Limits& = {});

}  // namespace splitwan::engine
