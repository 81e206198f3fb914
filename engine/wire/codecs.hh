// Every codec by name and by number: schema, help, refusals, headers and lists are made from this table.
#pragma once

#include <string>
#include <vector>

#include "engine/wire/codec.hh"

namespace splitwan::engine {

const std::vector<const Codec*>& codecs();
const Codec& codec_named(const std::string&);  // throws Error that lists the names
const Codec& codec_numbered(std::uint8_t id);  // of a message's header; throws Error
const Codec& lossless_codec();                 // f32: split equals local bit for bit
std::string codec_names();                     // "f32, f16, bf16, int8 or int4"
std::string codec_help(const std::string& what = "activations on the wire");  // of an option

// The bytes of one row as a header states it: the wire's name, the model's width. Throws Error.
std::uint64_t row_bytes(const std::string& wire, std::uint64_t width);

}  // namespace splitwan::engine
