// One direction of a link, out of a scenario's JSON.
#pragma once

#include "engine/base/json_file.hh"
#include "engine/base/schema.hh"
#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

using engine::SchemaKey;

// Applies the link keys of `reader`'s object (see link_schema) to what `link` says already. rtt is
// split between the directions, the odd nanosecond going down. File names are sought from `folder`.
void read_link(engine::ObjectReader& reader, netsim::LinkSpec& link, bool is_up, const std::string& folder,
               std::vector<std::string>& unknown);

std::vector<SchemaKey> link_schema();

// `path`, sought from `folder` unless absolute.
std::string beside(const std::string& folder, const std::string& path);

// Calls `use` with the text under `key`, naming the key when that throws.
template <typename Use>
void read_text(engine::ObjectReader& reader, const std::string& key, Use&& use) {
  if (!reader.find(key)) return;
  const auto text = reader.need<std::string>(key);
  try {
    use(text);
  } catch (const std::exception& e) {
    throw engine::Error("{}: {}", reader.path(key), e.what());
  }
}

}  // namespace splitwan::scenarios
