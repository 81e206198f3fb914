// What a row costs a server's CPU when 32 clients ask for one row at a time: answered one by one, and
// together. Both take turns on the same caches, so that a machine that slows down slows both.
// Run by hand: splitwan_sessions_bench [REPETITIONS [demo|wide]]; ends with 1 where batching gains less than
// is asked.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <ctime>

#include "engine/base/order_statistics.hh"
#include "engine/split/hello.hh"
#include "engine/split/middle_sessions.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t clients = 32;

double cpu_us() {  // of all threads
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// 7B's layers, as many as outgrow every cache of the machine.
ModelConfig wide_geometry() {
  ModelConfig c;
  c.layers = 2;
  c.width = 4096;
  c.heads = c.kv_heads = 32;
  c.head_dim = 128;
  c.ffn = 11008;
  c.vocabulary = 1024;
  c.context = 4096;
  return c;
}

// Clients that replay recorded rows: a prompt, then one row after the other.
class Clients {
 public:
  Clients(const ModelConfig& config, const LayerStack& middle, std::uint32_t prompt, std::uint32_t rows)
      : config_(config), middle_(middle), server_(config, middle), prompt_(prompt), rows_(rows) {
    for (std::size_t i = 0; i < clients; ++i) requests_.push_back(recorded(1, Kind::request));
    begin();
  }

  // A row of each. -> us of CPU a row, its decoding, layers and encoding.
  double step(std::size_t together, ServedPhases& spent) {
    if (context_ == prompt_ + rows_) begin();
    std::vector<Asked> asked;
    for (std::size_t i = 0; i < clients; ++i) {
      Header& h = requests_[i].header;
      h.context = context_;
      h.keep.assign(context_ > prompt_ ? 1 : 0, 0);
      asked.push_back({sessions_[i].get(), &requests_[i]});
    }
    const double begin = cpu_us();
    for (std::size_t at = 0; at < clients; at += together) {
      const ServedPhases one = server_.answer(std::span(asked).subspan(at, together));
      spent.decode += one.decode, spent.layers += one.layers, spent.encode += one.encode;
      spent.rows += one.rows;
    }
    const double us = (cpu_us() - begin) / clients;
    for (const Asked& a : asked)
      if (!a.reply) throw std::runtime_error(a.refusal);
    ++context_;
    return us;
  }

 private:
  void begin() {
    const Message greeting = hello(config_, middle_.range(), lossless_codec()),
                  feed = recorded(prompt_, Kind::feed);
    sessions_.clear();
    for (std::size_t i = 0; i < clients; ++i) {
      Json welcome;
      sessions_.push_back(server_.open(greeting, welcome));
      Asked fed{sessions_[i].get(), &feed, static_cast<int>(prompt_)};
      server_.answer(std::span(&fed, 1));
    }
    context_ = prompt_;
  }
  Message recorded(std::uint32_t rows, Kind kind) const {
    Message m = encode(at::randn({rows, config_.width}), lossless_codec());
    m.header.kind = kind;
    return m;
  }
  const ModelConfig& config_;
  const LayerStack& middle_;
  MiddleSessions server_;
  std::uint32_t prompt_, rows_, context_ = 0;
  std::vector<std::unique_ptr<ServedSession>> sessions_;
  std::vector<Message> requests_;
};

std::string split_of(const ServedPhases& p) {
  const auto us = [&](Nanos t) { return static_cast<double>(t.count()) / 1e3 / p.rows; };
  return fmt::format("decode {:.1f}, layers {:.1f}, encode {:.1f}", us(p.decode), us(p.layers), us(p.encode));
}

// Whether the ratio that is asked for is reached.
bool measure(const char* what, Checkpoint& checkpoint, LayerRange range, int repetitions, double asked) {
  constexpr std::uint32_t prompt = 24, rows = 48;
  const LayerStack middle(checkpoint, range);
  Clients all(checkpoint.config(), middle, prompt, rows);
  std::vector<double> one, together, ratios;
  ServedPhases apart, joined;
  for (int i = 0; i < repetitions; ++i) {
    one.push_back(all.step(1, apart));
    together.push_back(all.step(clients, joined));
    ratios.push_back(together.back() / one.back());
  }
  const double ratio = quantile(ratios, 0.5);
  fmt::print("{}, {} layers, {} MiB of weights, {} rows behind prompts of {}, {}:\n", what, range.size(),
             middle.bytes() >> 20, rows, prompt, kernels::best().name);
  fmt::print("  one by one {:9.1f} us of CPU a row ({})\n", quantile(one, 0.5), split_of(apart));
  fmt::print("  together   {:9.1f} us of CPU a row ({})\n", quantile(together, 0.5), split_of(joined));
  fmt::print("  ratio {:.3f}, middle half {:.3f} to {:.3f}; asked: at most {}\n", ratio,
             quantile(ratios, 0.25), quantile(ratios, 0.75), asked);
  std::fflush(stdout);
  return ratio <= asked;
}

int bench(int repetitions, std::string_view which) {
  at::set_num_threads(1);
  const at::InferenceMode inference;
  bool reached = true;
  if (which != "wide") {
    Checkpoint demo(SPLITWAN_SOURCE_DIR "/scenarios/demo-model");
    reached &= measure("demo model", demo, {2, 10}, 24 * repetitions, 0.4);
  }
  if (which != "demo") {
    Checkpoint wide = Checkpoint::random(wide_geometry(), DType::bf16);
    reached &= measure("7B geometry", wide, {0, 2}, repetitions, 0.35);
  }
  return reached ? 0 : 1;
}

}  // namespace
}  // namespace splitwan::engine

int main(int argc, char** argv) {
  return splitwan::engine::bench(argc > 1 ? std::atoi(argv[1]) : 20, argc > 2 ? argv[2] : "");
}
