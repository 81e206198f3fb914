#include "engine/split/checks.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "engine/base/error.hh"
#include "engine/split/boundary_rows.hh"
#include "engine/split/codec.hh"
#include "engine/split/hello.hh"
#include "engine/split/row_lists.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {
namespace {

// The server lied. Anything else that ends a check (a lost connection, say) tells nothing of its layers.
struct Caught : Error {
  using Error::Error;
};

constexpr std::size_t most_asked = 4;  // draws that wait for their evidence at one time

std::span<const float> floats_of(const at::Tensor& rows) {
  return {rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())};
}

void add_rows(Sha256& hash, const at::Tensor& from, std::span<const std::int32_t> rows) {
  const auto width = static_cast<std::size_t>(from.size(1));
  for (const std::int32_t row : rows)
    hash.add(digest_of_row(floats_of(from).subspan(static_cast<std::size_t>(row) * width, width)));
}

// Which of `layers` recomputes the model's layer `layer` as the server's words say that it does.
void check_arithmetic(const LayerStack& ours, const Json& theirs) {
  const std::string here = ours.arithmetic()[0], there = theirs.is_string() ? theirs.get<std::string>() : "";
  if (here != there)
    throw Error(
        "spot checks: layer {} is computed with {} here, with {} at the server: the last bits would differ, "
        "and nothing could be said of it",
        ours.range().begin, here, Json(there).dump(-1, ' ', /*ensure_ascii=*/true).substr(0, 100));
}

}  // namespace

double chance_per_check(const Checking& c, int all) { return static_cast<double>(c.draws) / all; }

Json offer_checks(const LayerStack& middle) { return {{"arithmetic", middle.arithmetic()}}; }

SpotChecks::SpotChecks(Party& party, PartyId server, Checking terms, LayerRange middle, int width,
                       const Codec& back)
    : party_(party), server_(server), terms_(std::move(terms)), middle_(middle), width_(width), back_(back) {
  for (const LayerStack* layer : terms_.layers) {
    const LayerRange r = layer->range();
    if (r.size() != 1 || r.begin < middle.begin || r.end > middle.end)
      throw Error("spot checks of layer {}: the server has {} to {}", r.begin, middle.begin, middle.end - 1);
    if (layer->arithmetic().empty())
      throw Error(
          "spot checks: layers are computed here by ATen: expected kernels whose bits repeat (device cpu)");
  }
  if (terms_.every_steps < 1 || terms_.draws < 1 || std::cmp_less(terms_.layers.size(), terms_.draws))
    throw Error(
        "spot checks of {} layers each {} steps: expected 1 or more of both, and at most the {} layers here",
        terms_.draws, terms_.every_steps, terms_.layers.size());
}

void SpotChecks::welcomed(const Json& welcome) const {
  const auto offered = welcome.find("checks");
  if (offered == welcome.end()) throw Error("spot checks: this server makes none");
  const Json theirs = offered->is_object() ? offered->value("arithmetic", Json()) : Json();
  if (!theirs.is_array() || std::cmp_not_equal(theirs.size(), middle_.size()))
    throw Error("spot checks: the server says of {} layers how it computes them: expected {}",
                theirs.is_array() ? theirs.size() : 0, middle_.size());
  for (const LayerStack* layer : terms_.layers)
    check_arithmetic(*layer, theirs[static_cast<std::size_t>(layer->range().begin - middle_.begin)]);
}

void SpotChecks::commit_sent(std::span<const std::int32_t> rows) {
  add_rows(inputs_, sent_, rows);
  committed_ += static_cast<std::uint32_t>(rows.size());
}

void SpotChecks::commit_received(std::span<const std::int32_t> rows) { add_rows(outputs_, received_, rows); }

bool SpotChecks::due(bool at_the_end) const { return at_the_end ? since_ > 0 : since_ >= terms_.every_steps; }

std::vector<const LayerStack*> SpotChecks::draw() {
  std::vector<const LayerStack*> left = terms_.layers, drawn;
  while (std::cmp_less(drawn.size(), terms_.draws)) {
    const auto one = static_cast<std::size_t>(terms_.bits.uniform() * static_cast<double>(left.size()));
    drawn.push_back(left[one]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(one));
  }
  return drawn;
}

void SpotChecks::send(Message m, Check& check) {
  check.bytes_up += wire_size(m);
  party_.send(server_, std::move(m));
}

Message SpotChecks::answer(const Asking& asked, Check& check) {
  Arrival arrival = answer_of(party_, server_, patience_);
  check.bytes_down += wire_size(arrival.message);
  check_answer(party_, arrival, asked);
  return std::move(arrival.message);
}

SpotChecks::Commitments SpotChecks::commitments(std::vector<std::int32_t> keep, Check& check) {
  Message m;
  m.header.kind = Kind::check;
  m.header.context = committed_;
  m.header.keep = std::move(keep);
  const Asking asked{.at = party_.now(), .context = committed_, .kind = Kind::commitment};
  send(std::move(m), check);
  const Message answered = answer(asked, check);
  Commitments all(static_cast<std::size_t>(middle_.size()) + 1);
  const std::size_t bytes = all.size() * sizeof(Sha256::Digest);
  if (answered.payload.size() != bytes)
    throw Error("the server committed with {} bytes: expected {}, a hash for each boundary of {} layers",
                answered.payload.size(), bytes, middle_.size());
  std::memcpy(all.data(), answered.payload.data(), bytes);
  if (all.front() != inputs_.digest())
    throw Caught("what the server committed to have read is not what it was sent");
  if (all.back() != outputs_.digest())
    throw Caught("what the server committed to have computed is not what it has answered");
  return all;
}

// A layer's rows, some after the other, through that layer.
class SpotChecks::Recomputed {
 public:
  Recomputed(const LayerStack& layer, const Codec* back, int length)
      : layer_(layer), cache_(layer.new_cache(length)), back_(back) {}

  void take(const at::Tensor& in, const at::Tensor& out) {
    const auto rows = static_cast<std::size_t>(in.size(0));
    add_rows(in_, in, first_rows(rows));
    add_rows(out_, out, first_rows(rows));
    cache_.begin(chain_of(rows));
    at::Tensor here = layer_(in.clone(), cache_);
    cache_.commit(first_rows(rows));
    if (back_) here = decode(encode(here, *back_), *back_, static_cast<int>(here.size(1)));
    for (std::size_t row = 0; row < rows && !wrong_; ++row, ++seen_)
      if (std::memcmp(here[static_cast<std::int64_t>(row)].data_ptr(),
                      out[static_cast<std::int64_t>(row)].data_ptr(),
                      static_cast<std::size_t>(out.size(1)) * sizeof(float)) != 0)
        wrong_ = seen_;
  }

  void judge(const Sha256::Digest& in, const Sha256::Digest& out) const {
    const int layer = layer_.range().begin;
    if (in_.digest() != in || out_.digest() != out)
      throw Caught("layer {}: the server's rows are not those that it had committed to", layer);
    if (wrong_)
      throw Caught("layer {}: the server's output at position {} is not what the layer makes of its input",
                   layer, *wrong_);
  }

 private:
  const LayerStack& layer_;
  KvCache cache_;
  const Codec* back_;  // rows come back through it, and lose by it
  Sha256 in_, out_;
  std::size_t seen_ = 0;
  std::optional<std::size_t> wrong_;  // the first position
};

void SpotChecks::check_layer(const LayerStack& layer, const Commitments& all, Check& check) {
  const int number = layer.range().begin;
  check.layers.push_back(number);
  std::deque<Asking> asked;
  std::uint32_t next = 0;
  const auto ask = [&] {
    Message m;
    m.header.kind = Kind::draw;
    m.header.layer = static_cast<std::uint32_t>(number);
    m.header.context = next;
    m.header.rows = std::min(most_drawn_rows, committed_ - next);
    asked.push_back({.at = party_.now(),
                     .rows = 2 * m.header.rows,
                     .context = next,
                     .layer = m.header.layer,
                     .kind = Kind::evidence});
    next += m.header.rows;
    send(std::move(m), check);
  };
  while (asked.size() < most_asked && next < committed_) ask();
  const bool last = layer.range().end == middle_.end;
  Recomputed recomputed(layer, last && !back_.label().lossless ? &back_ : nullptr, terms_.length);
  while (!asked.empty()) {
    const Message m = answer(asked.front(), check);
    asked.pop_front();
    if (next < committed_) ask();
    const std::uint32_t rows = m.header.rows / 2;
    party_.work(layer.work(Phase::check, rows, m.header.context), [&] {
      const at::Tensor both = decode(m, lossless_codec(), width_);
      recomputed.take(both.narrow(0, 0, rows), both.narrow(0, rows, rows));
      return 0;
    });
  }
  const auto at = static_cast<std::size_t>(number - middle_.begin);
  recomputed.judge(all[at], all[at + 1]);
}

void SpotChecks::run(std::vector<std::int32_t> keep, std::optional<Nanos> patience) {
  since_ = 0;
  patience_ = patience;
  Check check{.step = party_.step(), .peer = server_, .begin = party_.now(), .rows = committed_};
  const auto made = [&](const std::string& failure) {
    check.end = party_.now();
    check.failure = failure;
    party_.checked(check);
  };
  party_.begin_step(0, committed_);  // its spans are of no step
  try {
    const Commitments all = commitments(std::move(keep), check);
    for (const LayerStack* layer : draw()) check_layer(*layer, all, check);
    made("");
  } catch (const Caught& e) {
    made(e.what());
    throw Error("spot check after step {}: {}", check.step, e.what());
  } catch (const LostForGood&) {
    throw;
  } catch (const Error& e) {
    throw Error("spot check after step {}: {}", check.step, e.what());
  }
  party_.begin_step(check.step, committed_);
}

}  // namespace splitwan::engine
