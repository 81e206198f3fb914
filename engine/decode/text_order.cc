#include "engine/decode/text_order.hh"

#include "engine/base/json_file.hh"

namespace splitwan::engine {

Json to_json(const TextOrder& o) {
  return {{"mechanism", to_json(o.terms)},
          {"generate",
           {{"prompt_tokens", o.prompt_tokens},
            {"max_new_tokens", o.max_new_tokens},
            {"stop_at_eos", o.stop_at_eos},
            {"temperature", o.sampling.temperature},
            {"top_k", o.sampling.top_k},
            {"top_p", o.sampling.top_p},
            {"min_p", o.sampling.min_p},
            {"repetition_penalty", o.sampling.repetition_penalty},
            {"seed", o.sampling.seed}}}};
}

TextOrder text_order_of(const Json& said) {
  if (!said.contains("mechanism") || !said.contains("generate"))
    throw Error(
        "this server generates text from prompts that come through a binomial mechanism: the client "
        "asks for layers");
  TextOrder o{.terms = mechanism_terms_of({said["mechanism"], "the client's mechanism"})};
  ObjectReader r(said["generate"], "the client's order");
  constexpr int most = 1 << 30;
  o.prompt_tokens = r.whole("prompt_tokens", 1, most);
  o.max_new_tokens = r.whole("max_new_tokens", 1, most);
  o.stop_at_eos = r.need<bool>("stop_at_eos");
  o.sampling.temperature = r.need<double>("temperature");
  o.sampling.top_k = r.need<int>("top_k");
  o.sampling.top_p = r.need<double>("top_p");
  o.sampling.min_p = r.need<double>("min_p");
  o.sampling.repetition_penalty = r.need<double>("repetition_penalty");
  o.sampling.seed = r.need<std::uint64_t>("seed");
  r.done();
  check(o.sampling);
  return o;
}

}  // namespace splitwan::engine
