#include "scenarios/run/rehearsals.hh"

#include "engine/base/error.hh"
#include "engine/decode/rehearse.hh"
#include "engine/drafters/named.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;
using engine::Nanos;

// Time that only work takes.
class WorkClock : public engine::Clock {
 public:
  explicit WorkClock(netsim::CostSource cost) : cost_(std::move(cost)) {}
  Nanos now() const override { return now_; }
  void work(const engine::Work& work, const std::function<void()>& job) override {
    const auto begin = std::chrono::steady_clock::now();
    job();
    now_ += cost_(client, work, std::chrono::steady_clock::now() - begin);
  }

 private:
  netsim::CostSource cost_;
  Nanos now_{};
};

class NoTransport : public engine::Transport {
 public:
  void send(engine::PartyId, engine::Message) override { refuse(); }
  std::optional<engine::Arrival> recv(engine::PartyId, Nanos) override { refuse(); }

 private:
  [[noreturn]] static void refuse() { throw Error("a drafter that is rehearsed has no peer"); }
};

class NoRecorder : public engine::Recorder {
 public:
  void span(const engine::Span&) override {}
  void step(const engine::Step&) override {}
};

// What sets a text's rehearsals apart.
std::string key_of(const engine::Run& run, const Scenario& s) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", run.header.prompt->name, run.header.prompt->tokens,
                     run.end["output_ids"].dump(), to_json(s.sampling).dump(), s.draft_model,
                     run.header.compute);
}

}  // namespace

void Rehearsals::add_to(engine::Run& run, const Scenario& s, Resources& resources,
                        std::span<const engine::Token> prompt) {
  if (!s.rehearse || s.defences.pad() || !done_.insert(key_of(run, s)).second) return;
  const NetworkRow& kind = row_of(s.network.kind);
  const ComputeSource* compute = kind.charges ? &resources.compute(s.compute) : nullptr;
  const bool with_draft = !s.draft_model.empty() && (!compute || compute->charges_any_draft());
  const bool free = compute && !compute->charges_any_draft();  // n-grams' work is next to none
  engine::Sampling sampling = s.sampling;
  sampling.seed = s.seed;
  const engine::Sampler sampler(sampling);
  const engine::ModelEnds* draft_model = with_draft ? &draft_model_of(s, resources) : nullptr;
  const int context = resources.model(s.model, s.storage, s.place).config().context;
  const auto output = run.end["output_ids"].get<std::vector<engine::Token>>();
  Json& all = run.end["rehearsed"] = Json::array();
  for (const std::string& name : engine::text_drafters(with_draft)) {
    WorkClock clock(free      ? [](auto, auto&, auto) { return Nanos{}; }
                    : compute ? compute->cost(name, run.header.prompt->name, s.sampling)
                              : netsim::measured_cost());
    NoTransport transport;
    NoRecorder recorder;
    engine::Party party(client, transport, clock, recorder);
    const auto drafter = engine::make_drafter(name, {&sampler, draft_model});
    engine::Rehearsal done = engine::rehearse(party, *drafter, prompt, output, s.max_new_tokens, context);
    done.drafter = name;
    all.push_back(to_json(done));
  }
}

}  // namespace splitwan::scenarios
