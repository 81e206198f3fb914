#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/attacks/mechanism/binomial_channel.hh"
#include "analysis/attacks/mechanism/exact_channel.hh"
#include "analysis/attacks/mechanism/gaussian_channel.hh"
#include "analysis/attacks/mechanism/rantext_channel.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {

using engine::Error;

const std::vector<ChannelKind>& channel_kinds() {
  static const std::vector<ChannelKind> all{
      {"binomial", "DEL's counts of coins", &engine::BinomialSpec::mu, nullptr, true, make_binomial_channel},
      {"gaussian", "latents and normal noise, of the binomial's exact epsilon", &engine::BinomialSpec::mu,
       nullptr, true, make_gaussian_channel},
      {"rantext", "tokens exchanged for others (InferDPT)", nullptr, &Mechanism::epsilon, false,
       make_rantext_channel},
      {"none", "rows as they are", nullptr, nullptr, false, make_plain_channel},
      {"int4", "latents rounded to 4 bits, no noise", nullptr, nullptr, true, make_int4_channel},
      {"int8", "latents rounded to 8 bits, no noise", nullptr, nullptr, true, make_int8_channel}};
  return all;
}

const ChannelKind& channel_kind(std::string_view name) {
  const auto& all = channel_kinds();
  const auto found = std::ranges::find(all, name, &ChannelKind::name);
  if (found != all.end()) return *found;
  std::vector<std::string_view> names;
  for (const ChannelKind& k : all) names.push_back(k.name);
  throw Error("mechanism: expected one of {}, found '{}'", fmt::join(names, ", "), name);
}

Mechanism with_strength(Mechanism m, double strength) {
  const ChannelKind& kind = channel_kind(m.kind);
  if (kind.by_mu) {
    m.binomial.*kind.by_mu = strength;
  } else if (kind.by_own) {
    m.*kind.by_own = strength;
  } else {
    throw Error(
        "mechanism '{}': expected one that is stronger or weaker as asked, found one that is as it is",
        m.kind);
  }
  return m;
}

std::unique_ptr<Channel> make_channel(const Mechanism& m, const Maps& maps, const Knowledge& knowledge) {
  const ChannelKind& kind = channel_kind(m.kind);
  if (kind.maps) {
    if (!maps) throw Error("mechanism '{}': expected an encoder and a decoder, found none", m.kind);
    if (maps->width != m.binomial.width)
      throw Error("width: expected {}, as the encoder and decoder have, found {}", maps->width,
                  m.binomial.width);
    if (maps->model_width != knowledge.pieces().config().width)
      throw Error("encoder: expected rows of {}, the model's width, found {}",
                  knowledge.pieces().config().width, maps->model_width);
  }
  return kind.make(m, maps, knowledge);
}

}  // namespace splitwan::attacks
