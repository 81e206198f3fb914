#include "tests/trace_fixture.hh"

#include <cmath>
#include <sstream>

#include "model/link.hh"
#include "netsim/flight_theory.hh"

namespace splitwan::test {
namespace {

using engine::Json;
using engine::Nanos;
using engine::Op;
using engine::Phase;
using engine::Span;
using engine::seconds;
Nanos nanos(double seconds) { return Nanos(std::llround(seconds * 1e9)); }

// The network is netsim's theory of Linux's TCP: code of its own, not the model's.
netsim::FlightTheory theory_of(double rtt_s, double up_bps, double down_bps) {
  netsim::Edge edge{0, 1, {}, {}};
  edge.forward.delay = edge.backward.delay = nanos(rtt_s / 2);
  edge.forward.bits_per_second = up_bps;
  edge.backward.bits_per_second = down_bps;
  return {edge, {}};
}

struct Writer {
  const World& world;
  std::mt19937_64& random;
  double rtt_s, rate_bps;
  engine::Run run;
  netsim::FlightTheory theory = theory_of(rtt_s, rate_bps, 2 * rate_bps);
  Nanos now{}, last_message{};

  double uniform() { return static_cast<double>(random() >> 11) * 0x1p-53; }

  Nanos cost(const PlantedCost& c, double rows, double context, double factor) {
    return nanos(World::at(c, rows, context) * factor * (1 + world.noise * (2 * uniform() - 1)));
  }

  void step(std::uint64_t id, std::uint32_t rows, std::uint32_t context, std::uint32_t accepted) {
    const double factor = uniform() < world.outlier_share ? 10 : 1;
    const auto bytes = message_bytes(rows);
    const int up = model::flights(bytes, theory.window(true) * model::segment_bytes);
    const int down = model::flights(bytes, theory.window(false) * model::segment_bytes);
    const Nanos client = cost(world.client, rows, context, factor), head = client / 3;
    const Nanos server = cost(world.server, rows, context, factor);
    const double waited_s = theory.exchange({bytes, bytes, now + head - last_message}, seconds(server));
    const Nanos extra = nanos(world.extra_per_rtt * rtt_s + world.extra_per_squared_row_s * rows * rows);
    const Nanos there = nanos(waited_s / 2) + extra, back = nanos(waited_s / 2);

    const Nanos begin = now;
    const auto span = [&](engine::PartyId party, Op op, Nanos from, Nanos to) {
      Span s{
          .step = id, .party = party, .op = op, .begin = from, .end = to, .rows = rows, .context = context};
      if (op != Op::work) s.peer = 1 - party, s.bytes = bytes;
      if (op == Op::recv) s.arrived = to;
      return s;
    };
    const auto work = [&](engine::PartyId party, Phase phase, Nanos from, Nanos to) {
      run.spans.push_back(span(party, Op::work, from, to));
      run.spans.back().phase = phase;
    };
    work(0, Phase::head, begin, begin + head);
    const Nanos sent = begin + head, reached = sent + there, replied = reached + server,
                arrived = replied + back;
    run.spans.push_back(span(0, Op::send, sent, sent));
    run.spans.push_back(span(1, Op::recv, begin, reached));
    run.spans.back().flights = static_cast<std::uint32_t>(up);
    work(1, Phase::middle, reached, replied);
    run.spans.push_back(span(1, Op::send, replied, replied));
    run.spans.push_back(span(0, Op::recv, sent, arrived));
    run.spans.back().held = server;
    run.spans.back().flights = static_cast<std::uint32_t>(down);
    work(0, Phase::tail, arrived, arrived + client - head);
    last_message = arrived;
    now = arrived + client - head + nanos(world.overhead_s);
    run.steps.push_back({.step = id,
                         .prefill = id == 1,
                         .begin = begin,
                         .end = now,
                         .rows = rows,
                         .context = context,
                         .drafted = id == 1 ? 0 : rows - 1,
                         .accepted = accepted});
  }
};

engine::Run synthesise_run(const World& world, std::mt19937_64& random, int index, double rate_bps,
                           double rtt_s, const std::string& drafter, const std::string& prompt_class) {
  Writer w{.world = world, .random = random, .rtt_s = rtt_s, .rate_bps = rate_bps, .run = {}};
  w.run.header = {
      {"type", "run"},
      {"schema_version", engine::trace_schema_version},
      {"run", index},
      {"conditions",
       {{"network", "ns3"}, {"rtt_s", rtt_s}, {"up_bps", rate_bps}, {"down_bps", 2 * rate_bps}, {"loss", 0}}},
      {"drafter", drafter},
      {"prompt", {{"name", prompt_class + "-1"}, {"class", prompt_class}, {"tokens", world.prompt_tokens}}},
      {"plan", {{"head", 2}, {"middle", 8}, {"tail", 2}}},
      {"wire", "f16"},
      {"compute", "planted coefficients"},
      {"geometry", {{"layers", 12}, {"width", 512}, {"vocabulary", 512}}},
      {"seed", world.seed},
      {"commit", "0000000"},
      {"machine", {{"cpu", "none"}, {"threads", 1}}},
      {"scenario", Json::object()}};
  // Guessing sends 9 or 17 rows (17 need a second flight where the prompt was short) and gains 1, 2 or 4
  // tokens.
  constexpr std::array<std::uint32_t, 6> gains{1, 2, 1, 1, 4, 1};
  w.step(1, world.prompt_tokens, 0, 1);
  std::uint32_t context = world.prompt_tokens;
  for (int i = 0; i < world.steps; ++i) {
    const bool guesses = drafter != "sequential";
    const bool lucky = guesses && w.uniform() < world.luck_per_rtt * rtt_s;
    const std::uint32_t gained = !guesses ? 1 : lucky ? 4 : gains[(i + prompt_class.size()) % gains.size()];
    w.step(2 + i, !guesses ? 1 : i % 3 ? 9 : 17, context, gained);
    context += gained;
  }
  w.run.end = {{"type", "end"}, {"run", index}, {"output_ids", Json::array()}};
  return std::move(w.run);
}

}  // namespace

std::uint64_t message_bytes(std::uint32_t rows) { return engine::prefix_size + std::uint64_t{rows} * 1024; }

std::vector<engine::Run> synthesise(const World& world) {
  std::mt19937_64 random(world.seed);
  std::vector<engine::Run> runs;
  for (const double rate : world.rates_bps) {
    for (const double rtt : world.rtts_s) {
      for (const auto& drafter : world.drafters) {
        for (const char* prompt_class : {"code", "creative"}) {
          runs.push_back(
              synthesise_run(world, random, static_cast<int>(runs.size()), rate, rtt, drafter, prompt_class));
        }
      }
    }
  }
  return runs;
}

std::string trace_text(const std::vector<engine::Run>& runs) {
  std::ostringstream out;
  for (const auto& run : runs) engine::write(out, run);
  return out.str();
}

}  // namespace splitwan::test
