#include "engine/wire/wire.hh"

#include <gmock/gmock.h>

#include <cstring>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;

Message full_message() {
  Message m;
  m.header = {.kind = Kind::reply,
              .dtype = 2,
              .step = 0x0102030405060708,
              .rows = 0x1122,
              .width = 0x33445566,
              .context = 0x778899aa,
              .held = Nanos(0x0a0b0c0d0e0f1011),
              .keep = {0, 2, 0x7fffffff},
              .parent = {-1, 0}};
  m.payload = {std::byte{0xde}, std::byte{0xad}, std::byte{0xbe}};
  return m;
}

template <typename T>
void overwrite(Bytes& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// What decode says to a good message in which the integer at `at` is `value`.
template <typename T>
std::string error_with(std::size_t at, T value, const Limits& limits = {}) {
  Bytes bytes = encode(full_message());
  overwrite(bytes, at, value);
  return error_of([&] { decode(bytes, limits); });
}

TEST(Wire, carries_every_field_and_list) {
  const Message sent = full_message();
  const Message got = decode(encode(sent));
  EXPECT_EQ(got.header.kind, sent.header.kind);
  EXPECT_EQ(got.header.dtype, sent.header.dtype);
  EXPECT_EQ(got.header.step, sent.header.step);
  EXPECT_EQ(got.header.rows, sent.header.rows);
  EXPECT_EQ(got.header.width, sent.header.width);
  EXPECT_EQ(got.header.context, sent.header.context);
  EXPECT_EQ(got.header.held, sent.header.held);
  EXPECT_EQ(got.header.keep, sent.header.keep);
  EXPECT_EQ(got.header.parent, sent.header.parent);
  EXPECT_EQ(got.payload, sent.payload);
}

TEST(Wire, carries_every_kind_and_empty_messages) {
  for (const Kind kind : {Kind::hello, Kind::welcome, Kind::request, Kind::reply, Kind::error, Kind::bye,
                          Kind::ping, Kind::pong}) {
    Message sent;
    sent.header.kind = kind;
    const Message got = decode(encode(sent));
    EXPECT_EQ(got.header.kind, kind);
    EXPECT_THAT(got.header.keep, testing::IsEmpty());
    EXPECT_THAT(got.header.parent, testing::IsEmpty());
    EXPECT_THAT(got.payload, testing::IsEmpty());
  }
}

TEST(Wire, size_is_prefix_lists_and_payload) {
  EXPECT_EQ(wire_size(Message{}), 64u);
  EXPECT_EQ(wire_size(full_message()), 64u + 4 * 5 + 3);
  EXPECT_EQ(encode(Message{}).size(), wire_size(Message{}));
  EXPECT_EQ(encode(full_message()).size(), wire_size(full_message()));
}

TEST(Wire, layout_is_fixed_and_little_endian) {
  const std::vector<int> golden = {
      'S',  'W',  'A',  'N',  0x03, 0x00, 0x04, 0x02,  // magic, version, kind, dtype
      0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,  // step
      0x22, 0x11, 0x00, 0x00, 0x66, 0x55, 0x44, 0x33,  // rows, width
      0xaa, 0x99, 0x88, 0x77, 0x03, 0x00, 0x00, 0x00,  // context, keep
      0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // parent, zero
      0x11, 0x10, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a,  // held
      0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // payload
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  // seq, ack
      0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,  // kept rows 0, 2
      0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff,  // kept row 2^31-1; parent -1
      0x00, 0x00, 0x00, 0x00, 0xde, 0xad, 0xbe};       // parent 0; payload
  std::vector<int> bytes;
  for (const std::byte b : encode(full_message())) bytes.push_back(std::to_integer<int>(b));
  EXPECT_EQ(bytes, golden);
}

TEST(Wire, a_foreign_magic_is_not_splitwan) {
  EXPECT_THAT(error_with(0, std::uint32_t{0x20544547}),
              AllOf(HasSubstr("0x4e415753"), HasSubstr("0x20544547")));
}

TEST(Wire, another_protocol_version_is_refused_with_both_versions) {
  EXPECT_EQ(error_with(4, std::uint16_t{7}),
            fmt::format("peer speaks protocol version 7, this build speaks {}", protocol_version));
}

TEST(Wire, an_unknown_kind_is_refused) {
  EXPECT_THAT(error_with(6, std::uint8_t{0}), HasSubstr("unknown message kind 0"));
  EXPECT_THAT(error_with(6, std::uint8_t{16}), HasSubstr("unknown message kind 16"));
  EXPECT_THAT(error_with(6, std::uint8_t{255}), HasSubstr("unknown message kind 255"));
}

TEST(Wire, a_message_cut_anywhere_is_refused) {
  const Bytes whole = encode(full_message());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of([&] { decode(std::span(whole).first(size)); }), "") << size;
  }
  Bytes longer = whole;
  longer.push_back({});
  EXPECT_EQ(error_of([&] { decode(longer); }), "message announces 87 bytes, holds 88");
}

TEST(Wire, sizes_over_the_limits_are_refused_before_anything_is_allocated) {
  const Limits limits{.rows = 100, .payload = 1000};
  for (const std::size_t at : {16, 28, 32}) {  // rows, keep, parent
    EXPECT_THAT(error_with(at, std::uint32_t{0xffffffff}, limits),
                HasSubstr("at most 100 rows, 100 listed, 1000 bytes"))
        << at;
    EXPECT_THAT(error_with(at, std::uint32_t{0xffffffff}), HasSubstr("over the limits")) << at;
  }
  EXPECT_THAT(error_with(48, ~std::uint64_t{0}, limits), HasSubstr("18446744073709551615 bytes (at most"));
  EXPECT_THAT(error_with(48, std::uint64_t{1001}, limits), HasSubstr("1001 bytes (at most"));

  const Bytes bytes = encode(full_message());
  Prefix prefix;
  std::memcpy(prefix.data(), bytes.data(), prefix_size);
  Header header;
  EXPECT_THROW(read_prefix(prefix, {.rows = 2, .payload = 1000}, header), Error);
  EXPECT_EQ(header.keep.capacity() + header.parent.capacity(), 0u);
}

TEST(Wire, words_are_short_and_lists_are_held_to_a_limit_of_their_own) {
  for (const Kind kind : {Kind::hello, Kind::welcome, Kind::error, Kind::bye}) {
    Bytes bytes = encode(full_message());
    bytes[6] = static_cast<std::byte>(kind);
    const std::uint64_t announced = 200'000'000;
    std::memcpy(bytes.data() + 48, &announced, sizeof announced);
    EXPECT_THAT(error_of([&] { decode(bytes); }),
                HasSubstr("200000000 bytes (at most 65536 rows, 65536 listed, 65536 bytes)"))
        << name_of(kind);
  }
  EXPECT_THAT(error_of([] { decode(encode(full_message()), {.listed = 2}); }),
              HasSubstr("3 kept, 2 parents, 3 bytes (at most 65536 rows, 2 listed"));
}

TEST(Wire, sizes_at_the_limits_pass) {
  Message m = full_message();
  m.header.rows = 3;
  const Message got = decode(encode(m), {.rows = 3, .payload = 3});
  EXPECT_EQ(got.payload, m.payload);
}

TEST(Wire, prefix_announces_what_follows) {
  const Bytes bytes = encode(full_message());
  Prefix prefix;
  std::memcpy(prefix.data(), bytes.data(), prefix_size);
  Header header;
  const Sizes sizes = read_prefix(prefix, {}, header);
  EXPECT_EQ(sizes.lists, 20u);
  EXPECT_EQ(sizes.payload, 3u);
  read_lists(std::span(bytes).subspan(prefix_size, sizes.lists), header);
  EXPECT_THAT(header.keep, ElementsAre(0, 2, 0x7fffffff));
  EXPECT_THAT(header.parent, ElementsAre(-1, 0));
}

}  // namespace
}  // namespace splitwan::engine
