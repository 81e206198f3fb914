#include "analysis/attacks/exam/exam.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::attacks {

using engine::Error;

namespace {

struct Written {
  std::string text;
  std::vector<std::string> names;
};

std::vector<Written> read_file(const std::string& path) {
  std::vector<Written> out;
  if (path.ends_with(".json")) {
    const Json json = engine::read_json_file(path);
    engine::ObjectReader whole(json, path);
    for (const char* ignored : {"$schema", "note", "schema_version"}) whole.find(ignored);
    for (const Json& item : whole.need<Json>("documents")) {
      engine::ObjectReader r(item, path + ": documents");
      out.push_back({r.need<std::string>("text"), r.get("names", std::vector<std::string>{})});
    }
    return out;
  }
  const std::string all = engine::read_text_file(path);
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find("\n\n", at), all.size());
    if (end > at) out.push_back({all.substr(at, end - at), {}});
    at = end + 2;
  }
  return out;
}

// Tokens that share a character with a name.
std::vector<bool> name_tokens(const std::vector<Token>& ids, const engine::Tokenizer& tokenizer,
                              const std::vector<std::string>& names) {
  std::vector<std::size_t> end;
  end.reserve(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i)
    end.push_back(tokenizer.decode(std::span(ids).first(i + 1)).size());
  const std::string text = tokenizer.decode(ids);
  std::vector<bool> out(ids.size());
  for (const std::string& name : names) {
    for (std::size_t at = text.find(name); !name.empty() && at != std::string::npos;
         at = text.find(name, at + 1)) {
      for (std::size_t i = 0; i < ids.size(); ++i)
        if ((i > 0 ? end[i - 1] : 0) < at + name.size() && end[i] > at) out[i] = true;
    }
  }
  return out;
}

}  // namespace

HeldOut read_held_out(const Options& o, const engine::Tokenizer& tokenizer,
                      const engine::ModelConfig& config) {
  HeldOut out;
  for (const std::string& path : o.documents) {
    for (const Written& written : read_file(path)) {
      Prompted p;
      if (config.bos >= 0) p.prompt.push_back(config.bos);
      for (const Token id : tokenizer.encode(written.text)) p.prompt.push_back(id);
      if (p.prompt.size() > static_cast<std::size_t>(o.prompt_tokens)) p.prompt.resize(o.prompt_tokens);
      if (p.prompt.size() < 3) continue;
      p.name = name_tokens(p.prompt, tokenizer, written.names);
      if (out.prompts.size() < static_cast<std::size_t>(o.document_limit)) {
        out.prompts.push_back(std::move(p));
      } else {
        out.others.push_back({std::move(p.prompt), {}});
      }
    }
  }
  if (out.prompts.size() < 2)
    throw Error("{}: documents: expected at least 2 of at least two tokens, found {}", o.documents.front(),
                out.prompts.size());
  return out;
}

TokenKinds token_kinds(const engine::Tokenizer& tokenizer, const std::vector<double>& frequencies,
                       double rare) {
  TokenKinds kinds;
  const std::size_t n = frequencies.size();
  kinds.digit.resize(n);
  kinds.rare.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto id = static_cast<Token>(i);
    const std::string text =
        static_cast<int>(i) < tokenizer.vocabulary() ? tokenizer.decode(std::span(&id, 1)) : "";
    kinds.digit[i] = std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return frequencies[i]; });
  const double all = std::accumulate(frequencies.begin(), frequencies.end(), 0.0);
  double sum = 0;
  for (const std::size_t i : order) {
    sum += frequencies[i];
    if (sum > rare * all) break;
    kinds.rare[i] = true;
  }
  return kinds;
}

std::size_t first_row(const Document& d, Target target) {
  return target == Target::current ? 1 : d.prompt - 1;
}

std::size_t questions(const Document& d, Target target) { return d.ids.size() - first_row(d, target); }

at::Tensor asked(const at::Tensor& rows, const Document& d, Target target) {
  const auto begin = static_cast<std::int64_t>(first_row(d, target));
  return rows.narrow(0, begin, rows.size(0) - begin);
}

Truth truth_of(const Document& d, Target target, const TokenKinds& kinds) {
  const auto& tokens = target == Target::current ? d.ids : d.next;
  Truth truth;
  for (std::size_t i = first_row(d, target); i < d.ids.size(); ++i) {
    const auto token = static_cast<std::size_t>(tokens[i]);
    truth.tokens.push_back(tokens[i]);
    truth.digit.push_back(kinds.digit[token]);
    truth.rare.push_back(kinds.rare[token]);
    truth.name.push_back(target == Target::current && d.name[i]);
  }
  if (target == Target::current) truth.rejected = d.rejected;
  return truth;
}

}  // namespace splitwan::attacks
