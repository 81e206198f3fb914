#include "model/ask/variant.hh"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/wire/bit_rows.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::model {
namespace {

using engine::Error;
using engine::Geometry;

// What the traces' headers state of the fitted system: a number not below `least`.
double stated(const Json& source, const char* object, const char* key, double least) try {
  constexpr double unlimited = std::numeric_limits<double>::infinity();
  return engine::ObjectReader(source, "the model").child(object).number(key, least, unlimited);
} catch (const Error&) {
  throw Error("the model states no {}.{}: its traces' headers must, for another split, wire or geometry",
              object, key);
}

double stated_size(const Json& source, const char* key) {
  return stated(source, "geometry", key, std::numeric_limits<double>::min());
}

Geometry stated_geometry(const Json& source) {
  const auto at = [&](const char* key) { return stated_size(source, key); };
  return {at("layers"),   at("width"), at("heads"),     at("kv_heads"),
          at("head_dim"), at("ffn"),   at("vocabulary")};
}

struct Plan {
  double head, middle, tail;
};

Plan stated_plan(const Json& source) {
  const auto at = [&](const char* key) {
    return stated(source, "plan", key, std::numeric_limits<double>::lowest());
  };
  return {at("head"), at("middle"), at("tail")};
}

// Of one row, each way.
struct RowBytes {
  double up = 0, down = 0;
};

// Upwards, rows through a binomial mechanism have its bytes, whatever comes back.
RowBytes row_bytes_of(const Json& source, const std::string& wire) {
  const auto width = static_cast<std::uint64_t>(stated_size(source, "width"));
  const auto down = static_cast<double>(engine::row_bytes(wire, width));
  const auto privacy = source.find("privacy");
  if (privacy == source.end()) return {down, down};
  if (privacy->value("generated", "") != "mechanism")
    throw Error(
        "another wire or width: the fitted rows went up in two sizes, through a mechanism and as they are");
  engine::ObjectReader r = engine::ObjectReader(*privacy, "the model: privacy").child("mechanism");
  const auto coordinates = r.whole<std::size_t>("width", 1, 1 << 16);
  return {static_cast<double>(engine::packed_bytes(coordinates, r.whole("bits", 1, 16))), down};
}

// The drafters that ran, and those that were rehearsed.
template <typename Change>
void each_drafter(LatencyModel& m, Change change) {
  std::ranges::for_each(m.drafters, change);
  std::ranges::for_each(m.rehearsed, change);
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

void resize(StepShape& s, const RowBytes& old_row, const RowBytes& new_row) {
  s.bytes_up += s.rows * (new_row.up - old_row.up);
  s.bytes_down += s.rows * (new_row.down - old_row.down);
}

// Guesses beyond the cap are not made: fewer rows. The likeliest are kept, so what guesses gain falls no
// faster than their number, and no step gains more than its rows.
void cap(DrafterModel& d, double width, const RowBytes& row) {
  double guessed = 0, kept_guesses = 0;
  for (StepShape& s : d.shapes) {
    guessed += s.share * (s.rows - 1);
    kept_guesses += s.share * (std::min(s.rows, width) - 1);
    const double dropped = std::max(0.0, s.rows - width);
    s.rows -= dropped;
    s.bytes_up -= dropped * row.up;
    s.bytes_down -= dropped * row.down;
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

// How many times the fitted system's time each party needs.
struct Factors {
  double client = 1, server = 1;                      // reading weights, arithmetic per row
  double client_attention = 1, server_attention = 1;  // per row and token of context
};

// Another split or geometry: what each party has to read, against what it read when fitted.
Factors move_layers(LatencyModel& m, const Variant& v, std::vector<std::string>& assumptions) {
  const Geometry old = stated_geometry(m.source);
  const Geometry now = v.geometry.value_or(old);
  const Plan plan = stated_plan(m.source);
  const double head = v.head ? *v.head : plan.head, tail = v.tail ? *v.tail : plan.tail;
  if (head < 0 || tail < 0 || head + tail >= now.layers)
    throw Error("split {:g},{:g}: leaves the server none of {:g} layers", head, tail, now.layers);
  if (!(plan.middle > 0)) throw Error("the model states plan.middle {:g}: expected above 0", plan.middle);
  const auto weights = [](const Geometry& g, double layers) {
    return layers * g.layer_weights() + g.head_weights();
  };
  const double middle = now.layers - head - tail, client_layers = plan.head + plan.tail;
  const double attention = now.heads * now.head_dim / (old.heads * old.head_dim);
  const Factors by{
      .client = weights(now, head + tail) / weights(old, client_layers),
      .server = middle * now.layer_weights() / (plan.middle * old.layer_weights()),
      .client_attention = client_layers > 0 ? attention * (head + tail) / client_layers : 1,
      .server_attention = attention * middle / plan.middle,
  };
  if (client_layers == 0 && head + tail > 0)
    assumptions.push_back("the client's attention costs nothing: the fitted runs gave it no layers");
  m.source["plan"] = {{"head", head}, {"middle", middle}, {"tail", tail}};
  m.source["geometry"] = {{"layers", now.layers},        {"width", now.width},       {"heads", now.heads},
                          {"kv_heads", now.kv_heads},    {"head_dim", now.head_dim}, {"ffn", now.ffn},
                          {"vocabulary", now.vocabulary}};
  assumptions.push_back(
      "a party's time is that of reading its weights (layers, and the client's output head): it scales "
      "with their number, on the machines and in the storage fitted on");
  if (v.geometry) assumptions.push_back("the drafter's tokens per step are the fitted model's");
  return by;
}

void rescale_compute(LatencyModel& m, const Variant& v, const Factors& by,
                     std::vector<std::string>& assumptions) {
  if (v.client_speed != 1 || v.server_speed != 1)
    assumptions.push_back(fmt::format("the client is {:g} and the server {:g} times as fast as fitted",
                                      v.client_speed, v.server_speed));
  const double client = by.client / v.client_speed, server = by.server / v.server_speed;
  for (PhaseModel* phase : {&m.decode, m.prefill ? &*m.prefill : nullptr}) {
    if (!phase) continue;
    scale(phase->client, client, by.client_attention / v.client_speed);
    scale(phase->server, server, by.server_attention / v.server_speed);
    phase->noise.scale(std::max(client, server));
  }
  each_drafter(m, [&](DrafterModel& d) { d.draft_s /= v.client_speed; });
  for (const double factor : {by.client, by.server, v.client_speed, v.server_speed})
    m.doubt += std::abs(std::log(factor));
  if (m.doubt > 0)
    m.changed.push_back(fmt::format(
        "compute: the client's time x {:.3g}, the server's x {:.3g}, by arithmetic", client, server));
}

// Another wire or width of the model; returns the bytes of a row as they are now.
RowBytes resize_rows(LatencyModel& m, const LatencyModel& fitted, const Variant& v) {
  const Json wire = fitted.source.value("wire", Json());
  if (!wire.is_string()) throw Error("the model states no wire: its traces' headers must, for another one");
  const std::string old_wire = wire.get<std::string>();
  if (fitted.source.contains("privacy") && v.geometry)
    throw Error(
        "another geometry: the fitted rows went through a binomial mechanism, whose maps are the "
        "model's own");
  const RowBytes old_row = row_bytes_of(fitted.source, old_wire);
  const RowBytes row = row_bytes_of(m.source, v.wire.empty() ? old_wire : v.wire);
  each_drafter(m, [&](DrafterModel& d) {
    for (StepShape& s : d.shapes) resize(s, old_row, row);
    resize(d.prompt, old_row, row);
    for (StepShape& p : d.prompts) resize(p, old_row, row);
  });
  if (!v.wire.empty()) m.source["wire"] = v.wire;
  return row;
}

void cap_width(LatencyModel& m, double width, const RowBytes& row, std::vector<std::string>& assumptions) {
  if (!(width >= 1)) throw Error("width {:g}: expected 1 row or more", width);
  each_drafter(m, [&](DrafterModel& d) { cap(d, width, row); });
  assumptions.push_back(
      "a narrower step keeps its likeliest guesses, and they gain in proportion to their number: no less "
      "than that");
}

void set_acceptance(LatencyModel& m, double tokens_per_step, std::vector<std::string>& assumptions) {
  if (!(tokens_per_step >= 1) || std::isinf(tokens_per_step))
    throw Error("acceptance {:g}: expected 1 token per step or more", tokens_per_step);
  each_drafter(m, [&](DrafterModel& d) {
    if (d.drafter == "sequential") return;
    const double tokens = std::min(tokens_per_step, d.most_rows());
    set_tokens(d.acceptance.all, tokens);
    for (ClassAcceptance& c : d.acceptance.classes) set_tokens(c, tokens);
  });
  assumptions.push_back(fmt::format(
      "{:g} tokens per step, as asked, but no more than a drafter's rows; rows and bytes as fitted",
      tokens_per_step));
}

}  // namespace

bool Variant::plain() const {
  return !head && !tail && wire.empty() && !geometry && !width && !tokens_per_step && client_speed == 1 &&
         server_speed == 1;
}

LatencyModel vary(const LatencyModel& fitted, const Variant& v, std::vector<std::string>& assumptions) {
  LatencyModel m = fitted;
  if (v.plain()) return m;
  const bool moved = v.head || v.tail || v.geometry;
  rescale_compute(m, v, moved ? move_layers(m, v, assumptions) : Factors{}, assumptions);
  const bool resized = !v.wire.empty() || v.geometry || v.width;
  const RowBytes row = resized ? resize_rows(m, fitted, v) : RowBytes{};
  if (v.width) cap_width(m, *v.width, row, assumptions);
  if (v.tokens_per_step) set_acceptance(m, *v.tokens_per_step, assumptions);
  return m;
}

}  // namespace splitwan::model
