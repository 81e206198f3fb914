#include "analysis/attacks/exam/corpus.hh"

#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/drafters/sampler.hh"

namespace splitwan::attacks {
namespace {

// Side by side as branches of one tree: their rows share every product. A branch meets its own ancestors
// only.
constexpr std::size_t branches = 16;

Token most_likely(const at::Tensor& logits, std::int64_t row) {
  return static_cast<Token>(logits[row].argmax().item<std::int64_t>());
}

void sample_batch(const Pieces& pieces, std::span<Text> texts, std::size_t first, int length,
                  std::uint64_t seed) {
  const int layers = pieces.config().layers, vocabulary = pieces.config().vocabulary;
  Session session(pieces, layers);
  std::vector<Token> ids(texts.size(), std::max<Token>(pieces.config().bos, 0));
  for (int t = 0; t < length; ++t) {
    if (t == 0) {
      session.begin(leaves(texts.size()));
    } else {
      std::vector<std::int32_t> parent(texts.size());
      for (std::size_t i = 0; i < parent.size(); ++i)
        parent[i] = static_cast<std::int32_t>((static_cast<std::size_t>(t) - 1) * parent.size() + i);
      session.grow(parent);
    }
    const at::Tensor logits = pieces.logits(session.through(pieces.embed(ids), 0, layers));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      texts[i].ids.push_back(ids[i]);
      texts[i].greedy.push_back(most_likely(logits, static_cast<std::int64_t>(i)));
      engine::Sampling options;
      options.temperature = 1;
      options.seed = seed * 0x9E3779B97F4A7C15ull + first + i;
      const float* row = logits.data_ptr<float>() + static_cast<std::int64_t>(i) * vocabulary;
      ids[i] = engine::Sampler(options).choose({row, static_cast<std::size_t>(vocabulary)}, texts[i].ids);
    }
  }
}

}  // namespace

std::vector<Text> sample_texts(const Pieces& pieces, std::size_t first, std::size_t count, int length,
                               std::uint64_t seed) {
  std::vector<Text> texts(count);
  for (std::size_t at = 0; at < count; at += branches) {
    const std::size_t size = std::min(branches, count - at);
    sample_batch(pieces, std::span(texts).subspan(at, size), first + at, length, seed);
  }
  return texts;
}

std::vector<Text> texts_of_files(std::span<const std::string> files, const engine::Tokenizer& tokenizer,
                                 const engine::ModelConfig& config, int length) {
  std::vector<Text> texts;
  const auto add = [&](std::string_view document) {
    const std::vector<Token> ids = tokenizer.encode(document);
    const auto body = static_cast<std::size_t>(length - (config.bos >= 0 ? 1 : 0));
    for (std::size_t at = 0; at + body <= ids.size(); at += body) {
      Text text;
      if (config.bos >= 0) text.ids.push_back(config.bos);
      text.ids.insert(text.ids.end(), ids.begin() + static_cast<std::ptrdiff_t>(at),
                      ids.begin() + static_cast<std::ptrdiff_t>(at + body));
      texts.push_back(std::move(text));
    }
  };
  for (const std::string& file : files) {
    const std::string all = engine::read_text_file(file);
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = std::min(all.find("\n\n", at), all.size());
      if (end > at) add(std::string_view(all).substr(at, end - at));
      at = end + 2;
    }
  }
  return texts;
}

void add_greedy(const Pieces& pieces, Text& text) {
  const int layers = pieces.config().layers;
  Session session(pieces, layers);
  session.begin(chain(text.ids.size()));
  const at::Tensor best = pieces.logits(session.through(pieces.embed(text.ids), 0, layers)).argmax(1);
  text.greedy.assign(text.ids.size(), 0);
  for (std::size_t i = 0; i < text.ids.size(); ++i)
    text.greedy[i] = static_cast<Token>(best.data_ptr<std::int64_t>()[i]);
}

std::vector<double> frequencies(std::span<const Text> texts, int vocabulary) {
  std::vector<double> count(static_cast<std::size_t>(vocabulary), 1);
  for (const Text& text : texts)
    for (const Token id : text.ids) ++count[static_cast<std::size_t>(id)];
  return count;
}

}  // namespace splitwan::attacks
