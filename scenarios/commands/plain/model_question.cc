#include "scenarios/commands/plain/model_question.hh"

#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "engine/checkpoint/known_models.hh"
#include "engine/wire/codecs.hh"
#include "model/ask/projection.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

double rate(const std::string& text) {
  const double bps = engine::parse_rate(text);
  if (bps <= 0) throw Error("'{}' lets nothing through: expected a rate above 0, as in 100Mbit", text);
  return bps;
}

double seconds(const std::string& text) {
  return std::chrono::duration<double>(engine::parse_duration(text)).count();
}

void set_queue(model::Condition& c, const std::string& text) {
  const std::uint64_t bytes = text == "default" ? 0 : engine::parse_bytes(text);
  if (text != "default" && bytes == 0) throw Error("queue '{}': expected above 0, or 'default'", text);
  engine::LinkSpec up = c.details.up(), down = c.details.down();
  up.queue_bytes = down.queue_bytes = bytes;
  const engine::TcpSpec* tcp = c.details.tcp();  // without one nothing queues
  c.details = model::Details(up, down, tcp ? *tcp : engine::TcpSpec(), c.details.sessions());
}

}  // namespace

void add_link_options(CLI::App& app, LinkWords& o) {
  app.add_option("--rtt", o.rtt, "round-trip times with unit, as in 20ms,80ms");
  auto* both = app.add_option("--bandwidth", o.bandwidth,
                              "rate of both directions, as in 100Mbit (default: what most fitted runs had)");
  app.add_option("--up", o.up, "rate from client to server, as in 20Mbit")->excludes(both);
  app.add_option("--down", o.down, "rate from server to client, as in 100Mbit")->excludes(both);
  app.add_option("--loss", o.loss, "packets lost by chance each way, as in 0.1% (default: none)");
  app.add_option("--jitter", o.jitter,
                 "scale of the packets' extra delay each way, as in 2ms (default: none)");
  app.add_option("--queue", o.queue,
                 "bytes that may wait before the link each way, as in 256KiB, or 'default': rate x RTT, at "
                 "least 64 KiB (default: what most fitted runs had)");
  app.add_option("--probe", o.probe,
                 "the link as `splitwan link --probe -o FILE` measured it; other words here change it");
}

void add_variant_options(CLI::App& app, VariantWords& o) {
  app.add_option("--split", o.split,
                 "layers that the client keeps at each end, as in 2,2 (default: as fitted)");
  app.add_option("--wire", o.wire, engine::codec_help());
  app.add_option("--width", o.width, "most rows of a step, as in 8");
  app.add_option("--acceptance", o.tokens_per_step, "tokens per step of drafters that guess, as in 1.4");
  app.add_option("--geometry", o.geometry,
                 "scale to another model: a config.json, or " + engine::known_models());
  app.add_option("--client-speed", o.client_speed, "of the client's machine, against the fitted one's");
  app.add_option("--server-speed", o.server_speed, "of the server's machine, against the fitted one's");
}

model::Condition condition_on(const ProbedPath& p, const model::LatencyModel& m) {
  model::Condition c = usual_condition(m);
  c.network.clear();
  c.loss = c.loss_tilt = c.jitter_tilt_s = 0;
  c.rtt_s = p.rtt_s();
  c.jitter_s = p.jitter_s();
  if (p.up.goodput_bps > 0) c.up_bps = p.rate_bps(p.up);
  if (p.down.goodput_bps > 0) c.down_bps = p.rate_bps(p.down);
  if (const engine::TcpSpec* stated = c.details.tcp()) {
    engine::TcpSpec tcp = *stated;
    apply(p, tcp);
    c.details = model::Details(c.details.up(), c.details.down(), tcp, c.details.sessions());
  }
  return c;
}

std::vector<model::Condition> conditions_of(const LinkWords& o, const model::LatencyModel& m) {
  model::Condition c = usual_condition(m);
  c.jitter_s = 0;
  if (!o.probe.empty()) c = condition_on(read_probed_path(o.probe), m);
  c.network.clear();
  c.loss = o.loss.empty() ? 0 : engine::parse_fraction(o.loss);
  if (!o.jitter.empty()) c.jitter_s = seconds(o.jitter);
  c.loss_tilt = c.jitter_tilt_s = 0;  // what is asked for holds both ways
  if (c.loss >= 1) throw Error("loss '{}': nothing would arrive", o.loss);
  if (!o.bandwidth.empty()) c.up_bps = c.down_bps = rate(o.bandwidth);
  if (!o.up.empty()) c.up_bps = rate(o.up);
  if (!o.down.empty()) c.down_bps = rate(o.down);
  if (!o.queue.empty()) set_queue(c, o.queue);
  if (o.rtt.empty()) return {c};
  std::vector<model::Condition> list;
  for (const std::string& rtt : engine::split_list(o.rtt)) {
    c.rtt_s = seconds(rtt);
    if (c.rtt_s < 0) throw Error("round-trip time '{}': expected 0 or more", rtt);
    list.push_back(c);
  }
  return list;
}

std::string queue_assumed(const model::Condition& c) {
  const auto bytes = [](const engine::LinkSpec& link) {
    return link.queue_bytes == 0 ? std::string("rate x RTT, at least 64 KiB")
                                 : fmt::format("{:g} kB", static_cast<double>(link.queue_bytes) / 1e3);
  };
  if (!c.details.tcp())
    return c.live ? "no queue fills: how much the live link queues is unknown, nothing at its ends tells it"
                  : "no queue fills: none was stated";
  const std::string up = bytes(c.details.up()), down = bytes(c.details.down());
  return "the queue before the link: " + (up == down ? up : up + " up, " + down + " down");
}

model::Variant variant_of(const VariantWords& o) {
  model::Variant v;
  if (!o.split.empty()) {
    const auto layers = engine::parse_integers(o.split, ',');
    if (layers.size() != 2 || layers[0] < 0 || layers[1] < 0)
      throw Error("split '{}': expected the layers kept at each end, as in 2,2", o.split);
    v.head = layers[0];
    v.tail = layers[1];
  }
  v.wire = o.wire;
  if (!o.geometry.empty()) v.geometry = engine::sizes_of(engine::model_named(o.geometry));
  constexpr double most_rows = 4096, fastest = 1e6;
  if (o.width && !(*o.width >= 1 && *o.width <= most_rows && *o.width == std::floor(*o.width)))
    throw Error("width {:g}: expected a whole number of rows, 1 to {:g}", *o.width, most_rows);
  v.width = o.width;
  v.tokens_per_step = o.tokens_per_step;
  for (const double speed : {o.client_speed, o.server_speed}) {
    if (!(speed > 0 && speed <= fastest))
      throw Error("speed {:g}: expected above 0, {:g} at most", speed, fastest);
  }
  v.client_speed = o.client_speed;
  v.server_speed = o.server_speed;
  return v;
}

}  // namespace splitwan::scenarios
