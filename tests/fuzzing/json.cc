// JSON into our own kind of object: the library's own, which compares every key with all before it, says the
// same.
#include <nlohmann/json.hpp>

#include "engine/base/json_file.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using engine::Json;
using Known = nlohmann::ordered_json;

void feed(std::string_view input) {
  if (engine::nests_too_deeply(input)) return;
  const Json ours = Json::parse(input, nullptr, false, true);
  const Known known = Known::parse(input, nullptr, false, true);
  must(ours.is_discarded() == known.is_discarded(), "what is JSON is JSON");
  if (ours.is_discarded()) return;
  const std::string said = ours.dump();
  must(said == known.dump(), "keys keep their order, and the last of equal ones wins");
  Json again = Json::parse(said);
  must(again == ours && again.dump() == said, "JSON is read as it was written");
  if (!again.is_object() || again.empty()) return;
  Known shorter = known;
  const std::string key = again.begin().key();
  must(again.contains(key) && again.erase(key) == 1 && !again.contains(key), "a key goes when it is erased");
  shorter.erase(key);
  again["new"] = 1;
  shorter["new"] = 1;
  must(again.dump() == shorter.dump(), "others stay where they were");
}

const Stands stands("json", feed);

}  // namespace
}  // namespace splitwan::fuzz
