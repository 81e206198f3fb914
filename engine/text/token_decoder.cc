#include "engine/text/token_decoder.hh"

#include <cctype>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/bpe_model.hh"
#include "engine/text/normalizer.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {
namespace {

using Texts = std::vector<std::string>;
using Stage = std::function<Texts(Texts)>;

std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) all += text;
  return all;
}

// Runs of <0xXX> become the text that their bytes spell.
Texts byte_fallback(Texts tokens) {
  Texts out;
  std::string raw;
  const auto flush = [&] {
    if (!raw.empty()) out.push_back(valid_utf8(raw));
    raw.clear();
  };
  for (std::string& token : tokens) {
    if (const auto byte = byte_spelt(token)) {
      raw += static_cast<char>(*byte);
      continue;
    }
    flush();
    out.push_back(std::move(token));
  }
  flush();
  return out;
}

Stage strip(ObjectReader& reader) {
  const auto content = reader.need<std::string>("content");
  const auto start = reader.need<std::size_t>("start"), stop = reader.need<std::size_t>("stop");
  reader.done();
  return [=](Texts texts) {
    for (std::string& text : texts) {
      for (std::size_t i = 0; i < start && !content.empty() && text.starts_with(content); ++i)
        text.erase(0, content.size());
      for (std::size_t i = 0; i < stop && !content.empty() && text.ends_with(content); ++i) {
        text.resize(text.size() - content.size());
      }
    }
    return texts;
  };
}

Stage metaspace(ObjectReader& reader) {
  const auto mark = reader.get<std::string>("replacement", "\xE2\x96\x81");
  const bool prefix = reader.get("add_prefix_space", true);
  const bool drop = reader.get<std::string>("prepend_scheme", prefix ? "always" : "never") != "never";
  for (const char* key : {"split", "str_rep"}) reader.find(key);
  reader.done();
  return [=](Texts texts) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i == 0 && drop && texts[i].starts_with(mark)) texts[i].erase(0, mark.size());
      texts[i] = replace_all(texts[i], mark, " ");
    }
    return texts;
  };
}

Stage make_stage(const Json& description, const std::string& where, bool bytes) {
  ObjectReader reader(description, where);
  const auto type = reader.need<std::string>("type");
  if (type == "ByteLevel") {
    return [bytes](Texts texts) {
      for (std::string& text : texts)
        if (!bytes) text = bytes_of_alphabet(text).value_or(text);
      return Texts{join_bytes(texts)};
    };
  }
  if (type == "ByteFallback") return byte_fallback;
  if (type == "Fuse") return [](const Texts& texts) { return Texts{joined(texts)}; };
  if (type == "Strip") return strip(reader);
  if (type == "Metaspace") return metaspace(reader);
  if (type == "Replace") {
    return [map = make_normalizer(description, where)](Texts texts) {
      for (std::string& text : texts) text = map(std::move(text));
      return texts;
    };
  }
  throw Error("{}: type '{}' is not implemented", where, type);
}

}  // namespace

std::string join_bytes(const Texts& tokens) { return valid_utf8(joined(tokens)); }

TokenDecoder make_token_decoder(const Json& description, const std::string& where, bool bytes) {
  if (description.is_null()) {  // upstream's own default: words apart
    return [](const Texts& tokens) {
      std::string all;
      for (std::size_t i = 0; i < tokens.size(); ++i) all.append(i ? " " : "").append(tokens[i]);
      return all;
    };
  }
  std::vector<Stage> stages;
  ObjectReader reader(description, where);
  const bool several = reader.need<std::string>("type") == "Sequence";
  const Json list = several ? reader.list("decoders") : Json::array({description});
  for (std::size_t i = 0; i < list.size(); ++i) {
    stages.push_back(
        make_stage(list[i], list.size() == 1 ? where : fmt::format("{}.decoders[{}]", where, i), bytes));
  }
  return [stages](Texts texts) {
    for (const Stage& stage : stages) texts = stage(std::move(texts));
    return valid_utf8(joined(texts));
  };
}

}  // namespace splitwan::engine
