#include "engine/checkpoint/rope.hh"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::engine {
namespace {

// What a kind's reader and its angles are told beside the dictionary.
struct Stated {
  ObjectReader& keys;
  int context, original, dims;

  double positive(const char* key, double otherwise) const {
    const Json* value = present(key);
    if (!value) return otherwise;
    const auto number = keys.get<double>(key, otherwise);
    if (!(number > 0) || !std::isfinite(number))
      throw Error("{}: expected a positive number, found {}", keys.path(key), value->dump());
    return number;
  }
  double need(const char* key) const {
    if (!present(key)) throw Error("{} is missing", keys.path(key));
    return positive(key, 0);
  }
  // Positions of the training: here, else beside the dictionary, else `otherwise`.
  int trained(int otherwise) const {
    const char* key = "original_max_position_embeddings";
    if (!present(key)) return original > 0 ? original : otherwise;
    const int here = keys.whole<int>(key, 1, 1'000'000'000);
    if (original > 0 && original != here)
      throw Error("{} is {} and, beside it, {}", keys.path(key), here, original);
    return here;
  }
  const Json* present(const char* key) const {
    const Json* value = keys.find(key);
    return value && !value->is_null() ? value : nullptr;
  }
};

using Frequencies = std::vector<float>;
struct Asked {
  double theta;
  int dims, length;
};

// In f32, as Hugging Face computes them.
Frequencies unscaled(double theta, int dims) {
  Frequencies frequencies;
  for (int i = 0; i < dims / 2; ++i) {
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(dims);
    frequencies.push_back(1.f / std::pow(static_cast<float>(theta), exponent));
  }
  return frequencies;
}

void no_more(const Stated&, RopeScaling&) {}
Frequencies as_trained(const RopeScaling&, const Asked& a) { return unscaled(a.theta, a.dims); }

void read_factor(const Stated& s, RopeScaling& r) { r.factor = s.need("factor"); }
Frequencies linear(const RopeScaling& r, const Asked& a) {
  Frequencies f = unscaled(a.theta, a.dims);
  for (float& value : f) value /= static_cast<float>(r.factor);
  return f;
}

// Its base grows with the length: transformers computes it anew as a session grows and leaves earlier keys as
// they turned; here it is that of the planned length from the start.
void read_dynamic(const Stated& s, RopeScaling& r) {
  read_factor(s, r);
  if (const int trained = s.trained(s.context); trained != s.context)
    throw Error("{}: {} is not implemented (expected max_position_embeddings, {})",
                s.keys.path("original_max_position_embeddings"), trained, s.context);
  r.original = s.context;
}
Frequencies dynamic(const RopeScaling& r, const Asked& a) {
  const double most = r.original, length = std::max<double>(a.length, most);
  const double grown = r.factor * length / most - (r.factor - 1);
  return unscaled(a.theta * std::pow(grown, a.dims / (a.dims - 2.0)), a.dims);
}

void read_llama3(const Stated& s, RopeScaling& r) {
  read_factor(s, r);
  r.low_factor = s.need("low_freq_factor");
  r.high_factor = s.need("high_freq_factor");
  if (r.high_factor <= r.low_factor)
    throw Error("{}: expected more than low_freq_factor, {}, found {}", s.keys.path("high_freq_factor"),
                r.low_factor, r.high_factor);
  r.original = s.trained(0);
  if (r.original == 0) throw Error("{} is missing", s.keys.path("original_max_position_embeddings"));
}
Frequencies llama3(const RopeScaling& r, const Asked& a) {
  Frequencies f = unscaled(a.theta, a.dims);
  for (float& value : f) {
    const double turns = r.original * static_cast<double>(value) / (2 * std::numbers::pi);
    const double kept =
        std::clamp((turns - r.low_factor) / (r.high_factor - r.low_factor), 0.0, 1.0);  // 1: short waves
    value = static_cast<float>(value * ((1 - kept) / r.factor + kept));
  }
  return f;
}

double yarn_scale(double factor, double scale) {
  return factor <= 1 ? 1 : 0.1 * scale * std::log(factor) + 1;
}
void read_yarn(const Stated& s, RopeScaling& r) {
  r.original = s.trained(s.context);
  r.factor = s.positive("factor", static_cast<double>(s.context) / r.original);
  r.beta_fast = s.positive("beta_fast", 32);
  r.beta_slow = s.positive("beta_slow", 1);
  r.truncate = s.keys.get("truncate", true);
  const double one = s.keys.get<double>("mscale", 0), all = s.keys.get<double>("mscale_all_dim", 0);
  r.turn_scale =
      one != 0 && all != 0 ? yarn_scale(r.factor, one) / yarn_scale(r.factor, all) : yarn_scale(r.factor, 1);
  if (s.keys.find("attn_factor") && !s.keys.find("attention_factor"))
    throw Error(
        "{}: programs differ on it (transformers leaves it unread and scales turned rows by {:.6g}, vLLM by "
        "{:.6g}): "
        "expected 'attention_factor' with the one that is meant",
        s.keys.path("attn_factor"), r.turn_scale, r.turn_scale * s.positive("attn_factor", 1));
  r.turn_scale = s.positive("attention_factor", r.turn_scale);
}
Frequencies yarn(const RopeScaling& r, const Asked& a) {
  const auto bound = [&](double turns) {  // the pair that turns so often within the training's positions
    return a.dims * std::log(r.original / (turns * 2 * std::numbers::pi)) / (2 * std::log(a.theta));
  };
  double low = bound(r.beta_fast), high = bound(r.beta_slow);
  if (r.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, a.dims - 1.0);
  if (low == high) high += 0.001;
  Frequencies f = unscaled(a.theta, a.dims);
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    f[i] = static_cast<float>(f[i] / r.factor * ramp + f[i] * (1 - ramp));
  }
  return f;
}

std::vector<double> factors(const Stated& s, const char* key) {
  auto list = s.keys.need<std::vector<double>>(key);
  const auto wanted = static_cast<std::size_t>(s.dims / 2);
  if (list.size() != wanted || !std::ranges::all_of(list, [](double v) { return v > 0 && std::isfinite(v); }))
    throw Error("{}: expected {} positive numbers, one for each pair that turns, found {}", s.keys.path(key),
                wanted, list.size());
  return list;
}
void read_longrope(const Stated& s, RopeScaling& r) {
  r.short_factor = factors(s, "short_factor");
  r.long_factor = factors(s, "long_factor");
  r.original = s.trained(s.context);
  const double grown = static_cast<double>(s.context) / r.original;
  r.factor = s.original > 0 ? grown : s.positive("factor", grown);
  if (s.original > 0) static_cast<void>(s.keys.find("factor"));  // the ratio goes before it (transformers)
  r.turn_scale = r.factor <= 1 ? 1 : std::sqrt(1 + std::log(r.factor) / std::log(r.original));
  r.turn_scale = s.positive("attention_factor", r.turn_scale);
}
// transformers drops its cache where a session outgrows the training; here the planned length decides.
Frequencies longrope(const RopeScaling& r, const Asked& a) {
  const std::vector<double>& by = a.length > r.original ? r.long_factor : r.short_factor;
  Frequencies f = unscaled(a.theta, a.dims);
  for (std::size_t i = 0; i < f.size(); ++i) f[i] = static_cast<float>(f[i] / by[i]);
  return f;
}

struct Kind {
  const char* name;
  bool by_length;
  void (*read)(const Stated&, RopeScaling&);
  Frequencies (*frequencies)(const RopeScaling&, const Asked&);
};
constexpr Kind kinds[] = {
    {"default", false, no_more, as_trained},  {"linear", false, read_factor, linear},
    {"dynamic", true, read_dynamic, dynamic}, {"llama3", false, read_llama3, llama3},
    {"yarn", false, read_yarn, yarn},         {"longrope", true, read_longrope, longrope},
    {"su", true, read_longrope, longrope}};  // longrope's first name

const Kind* kind_named(const std::string& name) {
  const auto* const found = std::ranges::find_if(kinds, [&](const Kind& k) { return name == k.name; });
  return found == std::end(kinds) ? nullptr : found;
}

}  // namespace

RopeScaling read_rope_scaling(const Json& stated, const std::string& where, int context, int original,
                              int dims) {
  ObjectReader keys(stated, where);
  const bool newer = keys.find("rope_type") != nullptr;
  const auto older = keys.get<std::string>("type", "default");
  RopeScaling r;
  r.type = newer ? keys.get<std::string>("rope_type", "default") : older;
  const Kind* kind = kind_named(r.type);
  if (!kind) {
    std::string names;
    for (const Kind& known : kinds) names += (names.empty() ? "" : ", ") + std::string(known.name);
    throw Error("{}: \"{}\" is not implemented (expected one of {})", keys.path(newer ? "rope_type" : "type"),
                r.type, names);
  }
  kind->read({keys, context, original, dims}, r);
  if (r.type == "su") r.type = "longrope";
  if (r.type == "linear" && r.factor == 1) r = {};  // says nothing
  keys.done();
  return r;
}

bool turns_by_length(const RopeScaling& r) { return kind_named(r.type)->by_length; }

std::vector<float> rope_frequencies(const RopeScaling& r, double theta, int dims, int length) {
  return kind_named(r.type)->frequencies(r, {theta, dims, length});
}

int reach(const RopeScaling& r, int context) {
  return r.type == "dynamic" ? static_cast<int>(std::min(r.factor * context, 1e9)) : context;
}

Json to_json(const RopeScaling& r) {
  const RopeScaling usual;
  Json j = {{"type", r.type}};
  const auto say = [&](const char* key, const auto& value, const auto& otherwise) {
    if (value != otherwise) j[key] = value;
  };
  say("factor", r.factor, usual.factor);
  say("turn_scale", r.turn_scale, usual.turn_scale);
  say("original", r.original, usual.original);
  say("low_factor", r.low_factor, usual.low_factor);
  say("high_factor", r.high_factor, usual.high_factor);
  say("beta_fast", r.beta_fast, usual.beta_fast);
  say("beta_slow", r.beta_slow, usual.beta_slow);
  say("truncate", r.truncate, usual.truncate);
  say("short_factor", r.short_factor, usual.short_factor);
  say("long_factor", r.long_factor, usual.long_factor);
  return j;
}

}  // namespace splitwan::engine
