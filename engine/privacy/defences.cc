#include "engine/privacy/defences.hh"

#include <algorithm>

#include "engine/base/json_file.hh"

namespace splitwan::engine {

// One file each, in engine/privacy/defences/.
extern const DefenceKind noise_defence, padding_defence, random_depth_defence, own_layers_defence;

std::span<const DefenceKind> defence_kinds() {
  // Applied in this order.
  static const DefenceKind kinds[] = {noise_defence, padding_defence, random_depth_defence,
                                      own_layers_defence};
  return kinds;
}

void Defences::add(const DefenceKind& kind, DefencePtr defence) {
  if (defence) all_.push_back({&kind, std::move(defence)});
}

bool Defences::change_rows() const {
  return std::ranges::any_of(all_, [](const One& o) { return o.defence->changes_rows(); });
}

void Defences::change(std::span<float> values, std::uint64_t width, std::uint64_t seed) const {
  for (const One& o : all_) o.defence->change(values, width, seed);
}

bool Defences::pad() const {
  return std::ranges::any_of(all_, [](const One& o) { return o.defence->pads(); });
}

int Defences::padded(int rows) const {
  for (const One& o : all_) rows = o.defence->padded(rows);
  return rows;
}

bool Defences::draw_depth() const {
  return std::ranges::any_of(all_, [](const One& o) { return o.defence->draws_depth(); });
}

bool Defences::change_weights() const {
  return std::ranges::any_of(all_, [](const One& o) { return o.defence->changes_weights(); });
}

Json Defences::to_json() const {
  Json json = Json::object();
  for (const One& o : all_) json[o.kind->key] = o.defence->value();
  return json;
}

Defences read_defences(const Json& object, const std::string& where) {
  Defences all;
  ObjectReader r(object, where);
  for (const DefenceKind& kind : defence_kinds())
    if (kind.runs()) all.add(kind, kind.read(r));
  r.done();
  return all;
}

std::string defence_words() {
  std::string text;
  for (const DefenceKind& kind : defence_kinds()) {
    if (*kind.words)
      text +=
          fmt::format("{}{}{}{}", text.empty() ? "" : ", ", kind.words, *kind.value ? " " : "", kind.value);
  }
  return text;
}

std::optional<Defences> defences_named(const std::string& words) {
  for (const DefenceKind& kind : defence_kinds()) {
    const std::string before = kind.words + std::string(*kind.value ? " " : "");
    if (!*kind.words || (*kind.value ? !words.starts_with(before) : words != before)) continue;
    Defences all;
    try {
      all.add(kind, kind.parse(words.substr(before.size())));
    } catch (const Error& e) {
      throw Error("defence '{}': {}", words, e.what());
    }
    if (all.empty())
      throw Error("defence '{}': that changes nothing: expected more, as in {} {}", words, kind.words,
                  kind.value);
    return all;
  }
  return {};
}

}  // namespace splitwan::engine
