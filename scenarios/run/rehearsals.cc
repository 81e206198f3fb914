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

// What sets a text's rehearsals apart.
std::string key_of(const engine::Run& run, const Scenario& s) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", run.header.prompt->name, run.header.prompt->tokens,
                     run.end["output_ids"].dump(), to_json(s.sampling).dump(), s.draft_model,
                     run.header.compute);
}

// One text, and what it takes to rehearse it.
class Text {
 public:
  Text(const Scenario& s, Resources& resources, const Prompt& prompt, std::span<const engine::Token> ids,
       const engine::Run& run)
      : s_(s),
        resources_(resources),
        prompt_(prompt),
        ids_(ids),
        output_(run.end["output_ids"].get<std::vector<engine::Token>>()),
        compute_(row_of(s.network.kind).charges ? &resources.compute(s.compute) : nullptr),
        charged_(!compute_ || compute_->charges_any_draft()) {
    if (!s.draft_model.empty() && charged_) draft_model_ = &draft_model_of(s, resources);
  }

  std::vector<engine::Rehearsal> all() {
    std::vector<engine::Rehearsal> all;
    for (const std::string& name : engine::text_drafters(draft_model_ != nullptr))
      all.push_back(from_text(name));
    // Live servers and nodes have the layers that would be asked.
    const bool here = s_.network.server.empty() && s_.network.addresses.empty();
    for (const std::string& name : engine::asking_drafters()) {
      if (!here || !charged_) break;
      if (auto done = with_model(name)) all.push_back(std::move(*done));
    }
    return all;
  }

 private:
  // The drafter is the only party.
  engine::Rehearsal from_text(const std::string& name) const {
    const netsim::CostSource free = [](auto, const auto&, auto) { return Nanos{}; };
    WorkClock clock(!charged_  ? free  // n-grams' work is next to none
                    : compute_ ? compute_->cost(name, prompt_.name, s_.sampling)
                               : netsim::measured_cost());
    NoTransport transport;
    engine::MemoryRecorder recorder;
    engine::Party party(client, transport, clock, recorder);
    engine::Sampling sampling = s_.sampling;
    sampling.seed = s_.seed;
    const engine::Sampler sampler(sampling);
    const auto drafter = engine::make_drafter(name, {&sampler, draft_model_});
    const int context = resources_.model(s_.model, s_.storage, s_.place).config().context;
    engine::Rehearsal done = rehearse(party, *drafter, ids_, output_, s_.max_new_tokens, context);
    done.drafter = name;
    return done;
  }

  // A run of its own, over no particular link. None where it makes another text: steps of another width
  // draw another noise.
  std::optional<engine::Rehearsal> with_model(const std::string& name) const {
    Scenario s = s_;
    s.privacy.budget.clear();  // nobody receives these rows
    if (row_of(s.network.kind).splits) {
      s.network = NetworkChoice();
      s.network.kind = network_kind_for(Unnamed::split_here);
      s.cascade = {};  // rows alike: it is the text that is asked for, not who holds what
    }
    if (!compute_) s.compute = "measured";
    const Outcome made = run_prompt(s, resources_, name, prompt_, ids_);
    if (made.generation.output != output_) return {};
    engine::Rehearsal done = engine::rehearsal_of(made.run);
    done.drafter = name;
    return done;
  }

  const Scenario& s_;
  Resources& resources_;
  const Prompt& prompt_;
  std::span<const engine::Token> ids_;
  std::vector<engine::Token> output_;
  const ComputeSource* compute_;
  bool charged_;
  const engine::ModelEnds* draft_model_ = nullptr;
};

}  // namespace

void Rehearsals::add_to(engine::Run& run, const Scenario& s, Resources& resources, const Prompt& prompt,
                        std::span<const engine::Token> ids) {
  if (!s.rehearse || s.defences.pad() || s.privacy.text_comes_back() || !done_.insert(key_of(run, s)).second)
    return;
  Json all = Json::array();
  for (const engine::Rehearsal& done : Text(s, resources, prompt, ids, run).all())
    all.push_back(to_json(done));
  run.end["rehearsed"] = std::move(all);
}

}  // namespace splitwan::scenarios
