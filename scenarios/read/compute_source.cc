#include "scenarios/read/compute_source.hh"

#include "engine/base/error.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Json;

ComputeSource::ComputeSource(const std::string& text) : kind_(text.substr(0, text.find(':'))) {
  const bool has_file = kind_.size() < text.size();
  if (has_file) path_ = text.substr(kind_.size() + 1);
  if (kind_ == "recorded" && has_file) {
    recorded_ = engine::read_trace_file(path_);
  } else if (kind_ == "profile" && has_file) {
    profile_ = netsim::read_profile(path_);
  } else if (has_file || (kind_ != "reference" && kind_ != "measured")) {
    throw Error("compute '{}': expected reference, measured, recorded:TRACE or profile:FILE", text);
  }
}

netsim::CostSource ComputeSource::cost(const std::string& drafter, const std::string& prompt,
                                       const engine::Sampling& sampling) const {
  if (kind_ == "reference") return netsim::reference_cost();
  if (kind_ == "measured") return netsim::measured_cost();
  if (profile_) return netsim::profile_cost(*profile_);
  for (const engine::Run& run : recorded_) {
    const engine::RunHeader& h = run.header;
    if (h.drafter == drafter && h.prompt && h.prompt->name == prompt &&
        (!h.sampling || to_json(*h.sampling) == to_json(sampling)))
      return netsim::recorded_cost(run, path_);
  }
  throw Error("{}: holds no run of drafter {} on prompt {} with sampling {}", path_, drafter, prompt,
              to_json(sampling).dump());
}

bool ComputeSource::charges_any_draft() const {
  return profile_ ? profile_->phases.contains(engine::Phase::draft) : kind_ != "recorded";
}

netsim::MessageSize ComputeSource::message_size() const {
  if (profile_) return netsim::profile_message_size(*profile_);
  return engine::wire_size;
}

}  // namespace splitwan::scenarios
