#include "analysis/attacks/mechanism/attack_rows.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>

#include "analysis/attacks/exam/exam.hh"
#include "analysis/attacks/exam/jobs.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

std::vector<const RowAttacker*> chosen(const AttackChoice& choice, const Scene& scene) {
  std::vector<const RowAttacker*> out;
  const bool vectors = !scene.channel().by_token();
  for (const std::string& name : choice.attackers)
    if (row_attacker(name).vectors && !vectors)
      throw engine::Error("attackers: '{}' compares vectors, and this mechanism sends tokens", name);
  for (const RowAttacker& a : row_attackers()) {
    const bool named = std::ranges::count(choice.attackers, a.name) > 0;
    if (choice.attackers.empty() ? !a.learns && (vectors || !a.vectors) : named) out.push_back(&a);
  }
  return out;
}

Truth asked_of(const Text& text) {
  Truth truth;
  truth.tokens.assign(text.ids.begin() + 1, text.ids.end());
  truth.digit.resize(truth.tokens.size());
  truth.name = truth.rare = truth.digit;
  return truth;
}

}  // namespace

std::vector<AttackResult> attack_rows(const MechanismView& view, std::span<const Text> documents,
                                      const AttackChoice& choice, const Stop& stop) {
  one_thread_per_operation();
  const Scene scene(view);
  std::vector<Sent> sent;
  std::vector<Truth> truth;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (documents[i].ids.size() < 2)
      throw engine::Error("document {}: expected 2 tokens or more, found {}", i, documents[i].ids.size());
    sent.push_back(scene.send(documents[i], i));
    truth.push_back(asked_of(documents[i]));
  }
  std::vector<AttackResult> results;
  for (const RowAttacker* attacker : chosen(choice, scene)) {
    const auto begin = std::chrono::steady_clock::now();
    const auto attack = attacker->make(scene, choice, stop);
    std::vector<Recovered> found(sent.size());
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < sent.size(); ++i)
      jobs.push_back({"", 1, [&, i] { found[i].tokens = attack->recover(sent[i], stop); }});
    Workers(choice.threads, stop, [](double, double, const std::string&) {}).run(std::move(jobs));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    results.push_back({std::string(attacker->name), measure(truth, found, view.seed), took.count()});
  }
  return results;
}

const AttackResult& strongest(const std::vector<AttackResult>& results) {
  if (results.empty()) throw engine::Error("attackers: expected at least one, found none");
  return *std::ranges::max_element(results, {}, [](const AttackResult& r) { return r.figures.top1; });
}

std::vector<Text> held_out_texts(const std::string& file, const engine::Tokenizer& tokenizer,
                                 const engine::ModelConfig& config, int documents, int tokens) {
  Options o;
  o.documents = {file};
  o.document_limit = documents;
  o.prompt_tokens = tokens;
  std::vector<Text> texts;
  for (Prompted& p : read_held_out(o, tokenizer, config).prompts) texts.push_back({std::move(p.prompt), {}});
  return texts;
}

}  // namespace splitwan::attacks
