#include "engine/text/pre_tokenizer.hh"

#include <memory>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/bpe_model.hh"
#include "engine/text/normalizer.hh"
#include "engine/text/pattern.hh"
#include "engine/text/scripts.hh"
#include "engine/text/utf8.hh"

namespace splitwan::engine {

const char* const gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

using Words = std::vector<std::string>;

// What becomes of the delimiters (huggingface/tokenizers, SplitDelimiterBehavior).
enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

Behavior behavior_named(const std::string& name, const std::string& where) {
  if (name == "Removed") return Behavior::removed;
  if (name == "Isolated") return Behavior::isolated;
  if (name == "MergedWithPrevious") return Behavior::merged_with_previous;
  if (name == "MergedWithNext") return Behavior::merged_with_next;
  if (name == "Contiguous") return Behavior::contiguous;
  throw Error("{}: '{}' is not implemented", where, name);
}

struct Part {
  Extent extent;
  bool delimiter;
};

void merge_parts(std::vector<Part>& parts, Behavior behavior) {
  std::vector<Part> merged;
  for (const Part& part : parts) {
    const bool join =
        !merged.empty() &&
        ((behavior == Behavior::contiguous && part.delimiter == merged.back().delimiter) ||
         (behavior == Behavior::merged_with_previous && part.delimiter && !merged.back().delimiter) ||
         (behavior == Behavior::merged_with_next && !part.delimiter && merged.back().delimiter));
    if (join)
      merged.back() = {{merged.back().extent.begin, part.extent.end}, part.delimiter};
    else
      merged.push_back(part);
  }
  parts = std::move(merged);
}

void split_word(const std::string& word, const Pattern& pattern, Behavior behavior, bool invert, Words& out) {
  std::vector<Part> parts;
  std::size_t at = 0;
  while (const auto match = pattern.find(word, at)) {
    if (match->begin > at) parts.push_back({{at, match->begin}, invert});
    parts.push_back({*match, !invert});
    at = match->end;
  }
  if (at < word.size()) parts.push_back({{at, word.size()}, invert});
  if (behavior != Behavior::removed && behavior != Behavior::isolated) merge_parts(parts, behavior);
  for (const Part& part : parts) {
    if (behavior == Behavior::removed && part.delimiter) continue;
    out.push_back(word.substr(part.extent.begin, part.extent.end - part.extent.begin));
  }
}

auto splitter(Pattern&& pattern, Behavior behavior, bool invert = false) {
  return
      [shared = std::make_shared<Pattern>(std::move(pattern)), behavior, invert](const Words& words, bool) {
        Words out;
        for (const std::string& word : words) split_word(word, *shared, behavior, invert, out);
        return out;
      };
}

// `last`: of all stages, so that the model may take the words as bytes.
PreTokenizer byte_level(ObjectReader& reader, const std::string& where, bool last) {
  const bool prefix = reader.get("add_prefix_space", true), use_regex = reader.get("use_regex", true);
  reader.find("trim_offsets");  // of reported offsets, not of ids
  reader.done();
  const auto split = splitter(Pattern(gpt2_pattern, where), Behavior::isolated);
  return {[=](Words words, bool first) {
            for (std::string& word : words) {
              if (prefix && !word.starts_with(' ')) word = std::string(" ").append(word);
            }
            if (use_regex) words = split(words, first);
            for (std::string& word : words)
              if (!last) word = alphabet_of_bytes(word);
            return words;
          },
          last};
}

PreTokenizer metaspace(ObjectReader& reader, const std::string& where) {
  const auto mark = reader.get<std::string>("replacement", "\xE2\x96\x81");
  const bool prefix = reader.get("add_prefix_space", true);  // the older way to say prepend_scheme
  const auto scheme = reader.get<std::string>("prepend_scheme", prefix ? "always" : "never");
  const bool cut = reader.get("split", true);
  reader.find("str_rep");
  reader.done();
  if (scheme != "always" && scheme != "first" && scheme != "never") {
    throw Error("{}: prepend_scheme: expected always, first or never, found '{}'", where, scheme);
  }
  const auto split = splitter(Pattern::literal(mark, where), Behavior::merged_with_next);
  return {[=](Words words, bool first) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = replace_all(words[i], " ", mark);
      const bool wanted = scheme == "always" || (scheme == "first" && first && i == 0);
      if (wanted && !words[i].starts_with(mark)) words[i] = mark + words[i];
    }
    return cut ? split(words, first) : words;
  }};
}

PreTokenizer make_splitter(const Json& description, const std::string& where, bool last);

PreTokenizer sequence(ObjectReader& reader, const std::string& where, bool last) {
  const Json& list = reader.list("pretokenizers");
  reader.done();
  std::vector<PreTokenizer> steps;
  for (std::size_t i = 0; i < list.size(); ++i)
    steps.push_back(
        make_splitter(list[i], fmt::format("{}.pretokenizers[{}]", where, i), last && i + 1 == list.size()));
  return {[steps](Words words, bool first) {
            for (const PreTokenizer& step : steps) words = step.split(std::move(words), first);
            return words;
          },
          !steps.empty() && steps.back().byte_level};
}

// Punctuation as huggingface/tokenizers has it: Unicode's, and the rest of ASCII's.
constexpr const char* punctuation = R"([\p{P}$+<=>^`|~])";

PreTokenizer make_splitter(const Json& description, const std::string& where, bool last) {
  if (description.is_null()) return {[](Words words, bool) { return words; }};
  ObjectReader reader(description, where);
  const auto type = reader.need<std::string>("type");
  if (type == "ByteLevel") return byte_level(reader, where, last);
  if (type == "Metaspace") return metaspace(reader, where);
  if (type == "Sequence") return sequence(reader, where, last);
  if (type == "UnicodeScripts") {
    reader.done();
    return {split_at_scripts};
  }
  if (type == "Whitespace" || type == "WhitespaceSplit") {
    reader.done();
    if (type == "Whitespace") return {splitter(Pattern(R"(\w+|[^\w\s]+)", where), Behavior::removed, true)};
    return {splitter(Pattern(R"(\s+)", where), Behavior::removed)};
  }
  if (type == "BertPreTokenizer") {
    reader.done();
    const auto words = splitter(Pattern(R"(\s+)", where), Behavior::removed);
    const auto marks = splitter(Pattern(punctuation, where), Behavior::isolated);
    return {[words, marks](const Words& all, bool first) { return marks(words(all, first), first); }};
  }
  if (type == "Punctuation") {
    const auto behavior =
        behavior_named(reader.get<std::string>("behavior", "Isolated"), reader.path("behavior"));
    reader.done();
    return {splitter(Pattern(punctuation, where), behavior)};
  }
  if (type == "Digits") {
    const bool alone = reader.get("individual_digits", false);
    reader.done();
    return {splitter(Pattern(R"(\p{N})", where), alone ? Behavior::isolated : Behavior::contiguous)};
  }
  if (type == "Split") {
    const Json pattern = reader.need<Json>("pattern");
    const auto behavior = behavior_named(reader.need<std::string>("behavior"), reader.path("behavior"));
    const bool invert = reader.get("invert", false);
    reader.done();
    return {splitter(make_pattern(pattern, reader.path("pattern")), behavior, invert)};
  }
  throw Error("{}: type '{}' is not implemented", where, type);
}

}  // namespace

PreTokenizer make_pre_tokenizer(const Json& description, const std::string& where) {
  return make_splitter(description, where, /*last=*/true);
}

}  // namespace splitwan::engine
