#include "engine/decode/text_order.hh"

#include "engine/base/json_file.hh"
#include "engine/party/run_header.hh"

namespace splitwan::engine {

Json to_json(const TextOrder& o) {
  return {{"mechanism", to_json(o.terms)},
          {"generate",
           {{"prompt_tokens", o.prompt_tokens},
            {"max_new_tokens", o.max_new_tokens},
            {"stop_at_eos", o.stop_at_eos},
            {"sampling", to_json(o.sampling)},
            {"seed", o.sampling.seed}}}};
}

TextOrder text_order_of(const Json& said) {
  if (!said.contains("mechanism") || !said.contains("generate"))
    throw Error(
        "this server generates text from prompts that come through a binomial mechanism: the client "
        "asks for layers");
  TextOrder o{mechanism_terms_of({said["mechanism"], "the client's mechanism"}), 0, 0, true, {}};
  ObjectReader r(said["generate"], "the client's order");
  constexpr int most = 1 << 30;
  o.prompt_tokens = r.whole("prompt_tokens", 1, most);
  o.max_new_tokens = r.whole("max_new_tokens", 1, most);
  o.stop_at_eos = r.need<bool>("stop_at_eos");
  o.sampling = sampling_of(r.at("sampling"), r.path("sampling"));
  o.sampling.seed = r.need<std::uint64_t>("seed");
  r.done();
  check(o.sampling);
  return o;
}

}  // namespace splitwan::engine
