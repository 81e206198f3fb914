#include "engine/checkpoint/architectures.hh"

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace families {

Architecture llama(), mistral(), qwen2();

}  // namespace families

namespace {

const std::vector<Architecture>& known_families() {
  static const std::vector<Architecture> table = {families::llama(), families::mistral(), families::qwen2()};
  return table;
}

}  // namespace

const Architecture& architecture_of(const ConfigFile& file) {
  const Json* names = file.find("architectures");
  const Json* type = file.find("model_type");
  for (const Architecture& known : known_families()) {
    if (names ? *names == Json::array({known.name}) : type && *type == known.model_type) return known;
  }
  std::string expected;
  for (const Architecture& known : known_families()) {
    if (!expected.empty()) expected += &known == &known_families().back() ? " or " : ", ";
    expected += known.name;
  }
  throw Error("{}: unknown architecture {}: expected {}", file.path,
              names  ? names->dump()
              : type ? type->dump()
                     : "none",
              expected);
}

}  // namespace splitwan::engine
