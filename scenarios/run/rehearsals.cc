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
  Text(const Scenario& s, Resources& resources, std::span<const engine::Token> prompt, const engine::Run& run)
      : s_(s),
        model_(resources.model(s.model, s.storage, s.place)),
        compute_(row_of(s.network.kind).charges ? &resources.compute(s.compute) : nullptr),
        charged_(!compute_ || compute_->charges_any_draft()),
        prompt_(prompt),
        prompt_name_(run.header.prompt->name),
        output_(run.end["output_ids"].get<std::vector<engine::Token>>()),
        sampler_(sampling(s)) {
    if (!s.draft_model.empty() && charged_) draft_model_ = &draft_model_of(s, resources);
  }

  std::vector<engine::Rehearsal> all() {
    std::vector<engine::Rehearsal> all;
    for (const std::string& name : engine::text_drafters(draft_model_ != nullptr))
      all.push_back(from_text(name));
    // The text is another where what crosses is rounded; and a live server has the layers that are asked.
    const bool here = s_.network.server.empty() && s_.wire->label().lossless && s_.defences.to_json().empty();
    if (here && charged_)
      for (const std::string& name : engine::asking_drafters()) all.push_back(with_model(name));
    return all;
  }

 private:
  static engine::Sampling sampling(const Scenario& s) {
    engine::Sampling sampling = s.sampling;
    sampling.seed = s.seed;
    return sampling;
  }

  // `job` as the only party; what it does is recorded.
  template <typename Job>
  engine::Run alone(const std::string& drafter, Job&& job) const {
    const netsim::CostSource free = [](auto, const auto&, auto) { return Nanos{}; };
    WorkClock clock(!charged_  ? free  // n-grams' work is next to none
                    : compute_ ? compute_->cost(drafter, prompt_name_, s_.sampling)
                               : netsim::measured_cost());
    NoTransport transport;
    engine::MemoryRecorder recorder;
    engine::Party party(client, transport, clock, recorder);
    job(party);
    return std::move(recorder.run);
  }

  engine::Rehearsal from_text(const std::string& name) const {
    engine::Rehearsal done;
    alone(name, [&](engine::Party& party) {
      const auto drafter = engine::make_drafter(name, {&sampler_, draft_model_});
      done = rehearse(party, *drafter, prompt_, output_, s_.max_new_tokens, model_.config().context);
    });
    done.drafter = name;
    return done;
  }

  engine::Rehearsal with_model(const std::string& name) const {
    engine::Generation made;
    const engine::Run run = alone(name, [&](engine::Party& party) {
      const auto forward = engine::make_local(party, model_.whole());
      const auto drafter = engine::make_drafter(name, {&sampler_});
      made = generate(
          party, *forward, *drafter, model_.config(), prompt_,
          {.max_new_tokens = s_.max_new_tokens, .stop_at_eos = s_.stop_at_eos, .sampling = sampling(s_)});
    });
    if (made.output != output_) throw Error("{} on {}: another text than the run's", name, prompt_name_);
    engine::Rehearsal done = engine::rehearsal_of(run);
    done.drafter = name;
    return done;
  }

  const Scenario& s_;
  LoadedModel& model_;
  const ComputeSource* compute_;
  bool charged_;
  std::span<const engine::Token> prompt_;
  std::string prompt_name_;
  std::vector<engine::Token> output_;
  engine::Sampler sampler_;
  const engine::ModelEnds* draft_model_ = nullptr;
};

}  // namespace

void Rehearsals::add_to(engine::Run& run, const Scenario& s, Resources& resources,
                        std::span<const engine::Token> prompt) {
  if (!s.rehearse || s.defences.pad() || !done_.insert(key_of(run, s)).second) return;
  Json all = Json::array();
  for (const engine::Rehearsal& done : Text(s, resources, prompt, run).all()) all.push_back(to_json(done));
  run.end["rehearsed"] = std::move(all);
}

}  // namespace splitwan::scenarios
