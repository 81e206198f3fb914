#include "model/ask/variant.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/wire/wire_type.hh"

namespace splitwan::model {
namespace {

using engine::Error;

double need(const Json& object, const char* key, const char* where) {
  const Json value = object.is_object() ? object.value(key, Json()) : Json();
  if (!value.is_number() || !(value.get<double>() > 0))
    throw Error("the model states no {}.{}: its traces' headers must, for another split, wire or geometry",
                where, key);
  return value.get<double>();
}

Geometry fitted_geometry(const LatencyModel& m) {
  const Json g = m.source.value("geometry", Json());
  const auto at = [&](const char* key) { return need(g, key, "geometry"); };
  return {"fitted",       at("layers"),   at("width"), at("heads"),
          at("kv_heads"), at("head_dim"), at("ffn"),   at("vocabulary")};
}

struct Plan {
  double head, middle, tail;
};

Plan fitted_plan(const LatencyModel& m) {
  const Json p = m.source.value("plan", Json());
  const auto at = [&](const char* key) {
    const Json value = p.is_object() ? p.value(key, Json()) : Json();
    if (!value.is_number())
      throw Error("the model states no plan.{}: its traces' headers must, for another split", key);
    return value.get<double>();
  };
  return {at("head"), at("middle"), at("tail")};
}

double row_bytes_of(const std::string& wire, double width) {
  return static_cast<double>(
      engine::payload_bytes(engine::wire_type_named(wire), 1, static_cast<std::uint64_t>(width)));
}

void scale(Coefficient& c, double factor) {
  c.value *= factor;
  c.error *= factor;
}

// Reading weights scales with their number; arithmetic per row likewise; attention with layers x heads x
// their size.
void scale(WorkCost& w, double weights, double attention) {
  scale(w.fixed_s, weights);
  scale(w.per_row_s, weights);
  scale(w.per_row_context_s, attention);
}

void resize(StepShape& s, double old_row, double new_row) {
  s.bytes_up += s.rows * (new_row - old_row);
  s.bytes_down += s.rows * (new_row - old_row);
}

// Guesses beyond the cap are not made: fewer rows. The likeliest are kept, so what guesses gain falls no
// faster than their number, and no step gains more than its rows.
void cap(DrafterModel& d, double width, double row_bytes) {
  double guessed = 0, kept_guesses = 0;
  for (StepShape& s : d.shapes) {
    guessed += s.share * (s.rows - 1);
    kept_guesses += s.share * (std::min(s.rows, width) - 1);
    const double dropped = std::max(0.0, s.rows - width);
    s.rows -= dropped;
    s.bytes_up -= dropped * row_bytes;
    s.bytes_down -= dropped * row_bytes;
  }
  double before = 0, after = 0;
  std::vector<std::uint64_t> counts(static_cast<std::size_t>(width) + 1);
  for (std::size_t k = 0; k < d.acceptance.steps_by_tokens.size(); ++k) {
    const std::size_t kept = std::min(k, counts.size() - 1);
    counts[kept] += d.acceptance.steps_by_tokens[k];
    before += static_cast<double>(k * d.acceptance.steps_by_tokens[k]);
    after += static_cast<double>(kept * d.acceptance.steps_by_tokens[k]);
  }
  d.acceptance.steps_by_tokens = counts;
  const double mean = d.tokens_per_step();
  const double fewer = guessed > 0 ? (1 + (mean - 1) * kept_guesses / guessed) / mean : 1;
  const double factor = std::min(after / before, fewer);
  const auto shrink = [&](ClassAcceptance& c) {
    c.tokens_per_step = std::max(1.0, c.tokens_per_step * factor);
    c.log_mean = std::max(0.0, c.log_mean + std::log(factor));
    if (width <= 1) c.log_spread = 0;
  };
  shrink(d.acceptance.all);
  std::for_each(d.acceptance.classes.begin(), d.acceptance.classes.end(), shrink);
}

void set_tokens(ClassAcceptance& c, double tokens) {
  const double factor = tokens / c.tokens_per_step;
  c.tokens_per_step = tokens;
  c.log_mean += std::log(factor);
}

}  // namespace

bool Variant::plain() const {
  return !head && !tail && wire.empty() && geometry.empty() && !width && !tokens_per_step &&
         client_speed == 1 && server_speed == 1;
}

double Geometry::layer_weights() const {
  const double attention = width * heads * head_dim * 2 + width * kv_heads * head_dim * 2;  // q, o; k, v
  return attention + 3 * width * ffn;
}

const std::vector<Geometry>& known_geometries() {  // the makers' published configurations
  static const std::vector<Geometry> known = {{"mistral-7b", 32, 4096, 32, 8, 128, 14336, 32000},
                                              {"mistral-nemo-12b", 40, 5120, 32, 8, 128, 14336, 131072},
                                              {"llama-70b", 80, 8192, 64, 8, 128, 28672, 128256},
                                              {"llama-405b", 126, 16384, 128, 8, 128, 53248, 128256}};
  return known;
}

LatencyModel vary(const LatencyModel& fitted, const Variant& v, std::vector<std::string>& assumptions) {
  LatencyModel m = fitted;
  if (v.plain()) return m;
  double client = 1, server = 1, client_attention = 1, server_attention = 1;
  const bool moved = v.head || v.tail || !v.geometry.empty(),
             resized = !v.wire.empty() || !v.geometry.empty() || v.width;
  if (moved) {
    const Geometry old = fitted_geometry(fitted);
    Geometry now = old;
    if (!v.geometry.empty()) {
      const auto& known = known_geometries();
      const auto it = std::find_if(known.begin(), known.end(), [&](auto& g) { return g.name == v.geometry; });
      if (it == known.end()) {
        std::vector<std::string> names;
        for (const Geometry& g : known) names.push_back(g.name);
        throw Error("geometry '{}': expected one of {}", v.geometry, fmt::join(names, ", "));
      }
      now = *it;
    }
    const Plan plan = fitted_plan(fitted);
    const double head = v.head ? *v.head : plan.head, tail = v.tail ? *v.tail : plan.tail;
    if (head < 0 || tail < 0 || head + tail >= now.layers)
      throw Error("split {:g},{:g}: leaves the server none of {:g} layers", head, tail, now.layers);
    if (!(plan.middle > 0)) throw Error("the model states plan.middle {:g}: expected above 0", plan.middle);
    const auto weights = [](const Geometry& g, double layers) {
      return layers * g.layer_weights() + g.head_weights();
    };
    const double middle = now.layers - head - tail;
    client = weights(now, head + tail) / weights(old, plan.head + plan.tail);
    server = middle * now.layer_weights() / (plan.middle * old.layer_weights());
    const double attention = now.heads * now.head_dim / (old.heads * old.head_dim);
    const double client_layers = plan.head + plan.tail;
    client_attention = client_layers > 0 ? attention * (head + tail) / client_layers : 1;
    if (client_layers == 0 && head + tail > 0)
      assumptions.push_back("the client's attention costs nothing: the fitted runs gave it no layers");
    server_attention = attention * middle / plan.middle;
    m.source["plan"] = {{"head", head}, {"middle", middle}, {"tail", tail}};
    m.source["geometry"] = {{"layers", now.layers},        {"width", now.width},       {"heads", now.heads},
                            {"kv_heads", now.kv_heads},    {"head_dim", now.head_dim}, {"ffn", now.ffn},
                            {"vocabulary", now.vocabulary}};
    assumptions.push_back(
        "a party's time is that of reading its weights (layers, and the client's output head): it scales "
        "with their "
        "number, on the machines and in the storage fitted on");
    if (!v.geometry.empty()) assumptions.push_back("the drafter's tokens per step are the fitted model's");
  }
  if (v.client_speed != 1 || v.server_speed != 1)
    assumptions.push_back(fmt::format("the client is {:g} and the server {:g} times as fast as fitted",
                                      v.client_speed, v.server_speed));
  for (PhaseModel* phase : {&m.decode, m.prefill ? &*m.prefill : nullptr}) {
    if (!phase) continue;
    scale(phase->client, client / v.client_speed, client_attention / v.client_speed);
    scale(phase->server, server / v.server_speed, server_attention / v.server_speed);
    phase->noise_s *= std::max(client / v.client_speed, server / v.server_speed);
  }
  for (DrafterModel& d : m.drafters) d.draft_s /= v.client_speed;
  for (const double factor : {client, server, v.client_speed, v.server_speed})
    m.doubt += std::abs(std::log(factor));
  if (m.doubt > 0)
    m.changed.push_back(
        fmt::format("compute: the client's time x {:.3g}, the server's x {:.3g}, by arithmetic",
                    client / v.client_speed, server / v.server_speed));
  double row_bytes = 0;
  if (resized) {
    const Json old_wire = fitted.source.value("wire", Json());
    if (!old_wire.is_string())
      throw Error("the model states no wire: its traces' headers must, for another one");
    const double old_width = need(fitted.source.value("geometry", Json()), "width", "geometry");
    const double width = need(m.source.value("geometry", Json()), "width", "geometry");
    const double old_row = row_bytes_of(old_wire.get<std::string>(), old_width);
    row_bytes = row_bytes_of(v.wire.empty() ? old_wire.get<std::string>() : v.wire, width);
    for (DrafterModel& d : m.drafters) {
      for (StepShape& s : d.shapes) resize(s, old_row, row_bytes);
      resize(d.prompt, old_row, row_bytes);
    }
    if (!v.wire.empty()) m.source["wire"] = v.wire;
  }
  if (v.width) {
    if (!(*v.width >= 1)) throw Error("width {:g}: expected 1 row or more", *v.width);
    for (DrafterModel& d : m.drafters) cap(d, *v.width, row_bytes);
    assumptions.push_back(
        "a narrower step keeps its likeliest guesses, and they gain in proportion to their number: no less "
        "than that");
  }
  if (v.tokens_per_step) {
    if (!(*v.tokens_per_step >= 1) || std::isinf(*v.tokens_per_step))
      throw Error("acceptance {:g}: expected 1 token per step or more", *v.tokens_per_step);
    for (DrafterModel& d : m.drafters) {
      if (d.drafter == "sequential") continue;
      const double tokens = std::min(*v.tokens_per_step, d.most_rows());
      set_tokens(d.acceptance.all, tokens);
      for (ClassAcceptance& c : d.acceptance.classes) set_tokens(c, tokens);
    }
    assumptions.push_back(fmt::format(
        "{:g} tokens per step, as asked, but no more than a drafter's rows; rows and bytes as fitted",
        *v.tokens_per_step));
  }
  return m;
}

}  // namespace splitwan::model
