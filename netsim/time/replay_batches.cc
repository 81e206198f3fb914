#include <algorithm>
#include <cmath>

#include "engine/party/roles.hh"
#include "netsim/time/replay.hh"

namespace splitwan::netsim {
namespace {

using engine::Op;
using engine::Phase;
using engine::Span;
using engine::roles::client;
using engine::roles::server;

constexpr std::uint32_t chunk_rows = 128;  // of a prompt, as the engine sends it
constexpr std::uint64_t hello_bytes = engine::prefix_size + 300;

class Writer {
 public:
  explicit Writer(const Profile& profile) : row_bytes_(profile.row_bytes) {}

  void hello() { message(client, server, hello_bytes, 0); }
  void welcome() { message(server, client, engine::prefix_size, 0); }
  void begin(std::uint64_t step, std::uint32_t context) {
    step_ = step;
    context_ = context;
  }
  void work(PartyId party, Phase phase, std::uint32_t rows) {
    Span span = blank(party, Op::work, rows);
    span.phase = phase;
    scripts_[party].spans.push_back(span);
  }
  void send(PartyId from, std::uint32_t rows, std::uint32_t listed) {
    message(from, from == client ? server : client, engine::prefix_size + 4 * listed + rows * row_bytes_,
            rows, Op::send);
  }
  void receive(PartyId by, std::uint32_t rows) {
    Span span = blank(by, Op::recv, rows);
    span.peer = by == client ? server : client;
    scripts_[by].spans.push_back(span);
  }
  // What the server does with one request.
  void serve(std::uint32_t rows) {
    receive(server, rows);
    work(server, Phase::codec, rows);
    work(server, Phase::middle, rows);
    work(server, Phase::codec, rows);
    send(server, rows, 0);
  }
  void finish(std::uint32_t rows) {
    receive(client, rows);
    work(client, Phase::codec, rows);
    work(client, Phase::tail, rows);
  }
  Scripts& scripts() { return scripts_; }

 private:
  Span blank(PartyId party, Op op, std::uint32_t rows) const {
    Span span;
    span.step = step_;
    span.party = party;
    span.op = op;
    span.rows = rows;
    span.context = context_;
    return span;
  }
  void message(PartyId from, PartyId to, std::uint64_t bytes, std::uint32_t rows, Op op = Op::send) {
    Span span = blank(from, op, rows);
    span.peer = to;
    span.bytes = bytes;
    scripts_[from].spans.push_back(span);
  }

  Scripts scripts_;
  std::uint64_t row_bytes_, step_ = 0;
  std::uint32_t context_ = 0;
};

void write_prompt(Writer& w, const Batches& batches) {
  std::vector<std::uint32_t> chunks;
  for (std::uint32_t left = batches.prompt; left > 0; left -= chunks.back())
    chunks.push_back(std::min(left, chunk_rows));
  w.hello();
  w.receive(server, 0);
  w.welcome();
  std::uint32_t context = 0;
  for (const std::uint32_t rows : chunks) {
    w.begin(1, context);
    w.work(client, Phase::head, rows);
    w.work(client, Phase::codec, rows);
    w.send(client, rows, context > 0 ? chunk_rows : 0);
    w.serve(rows);
    context += rows;
  }
  w.begin(0, 0);
  w.receive(client, 0);  // welcome
  w.begin(1, 0);
  for (const std::uint32_t rows : chunks) w.finish(rows);
  w.work(client, Phase::verify, 1);
}

}  // namespace

std::vector<DecodedStep> decoded_steps(const Batches& batches) {
  std::vector<DecodedStep> steps;
  double owed = 0;  // tokens that the mean owes to the next wide step
  const bool recorded = !batches.rows.empty();
  for (std::uint32_t i = 1; i <= batches.steps; ++i) {
    if (recorded) {
      steps.push_back({batches.rows[i - 1], batches.accepted[i - 1]});
      continue;
    }
    owed += batches.tokens_per_step - 1;
    const bool wide = batches.wide_every > 0 && i % batches.wide_every == 0;
    const std::uint32_t rows =
        wide ? batches.wide_rows[(i / batches.wide_every - 1) % batches.wide_rows.size()] : 1;
    const std::uint32_t longest = batches.wide_depth > 0 ? std::min(rows, batches.wide_depth) : rows;
    const double guessed = std::clamp(std::round(owed), 0.0, static_cast<double>(longest - 1));
    owed -= guessed;
    steps.push_back({rows, 1 + static_cast<std::uint32_t>(guessed)});
  }
  return steps;
}

Scripts scripts_of(const Batches& batches, const Profile& profile) {
  Writer w(profile);
  write_prompt(w, batches);
  engine::Step step{.step = 1, .prefill = true, .rows = batches.prompt, .accepted = 1};
  w.scripts()[client].steps.push_back(step);
  std::uint32_t context = batches.prompt, kept = 1, i = 0;
  for (const auto& [rows, gained] : decoded_steps(batches)) {
    ++i;
    if (batches.pause_every > 0 && i % batches.pause_every == 0)
      w.scripts()[client].rests[i + 1] = batches.pause;
    w.begin(i + 1, context);
    w.work(client, Phase::draft, 0);
    w.work(client, Phase::head, rows);
    w.work(client, Phase::codec, rows);
    w.send(client, rows, kept + (rows > 1 ? rows : 0));
    w.serve(rows);
    w.finish(rows);
    for (std::uint32_t k = 0; k < gained; ++k) w.work(client, Phase::verify, 1);
    w.scripts()[client].steps.push_back(
        {.step = i + 1, .rows = rows, .context = context, .drafted = rows - 1, .accepted = gained});
    context += gained;
    kept = gained;
  }
  return w.scripts();
}

}  // namespace splitwan::netsim
