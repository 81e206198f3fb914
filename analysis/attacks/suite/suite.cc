#include "analysis/attacks/suite/suite.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <list>

#include "analysis/attacks/suite/lora.hh"
#include "analysis/attacks/suite/trained.hh"
#include "analysis/attacks/suite/trial.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

class Suite {
 public:
  Suite(const Options& o, const std::string& file, const Stop& stop, const Watch& watch)
      : o_(o), workers_(o.threads, stop, watch), pieces_(o.model) {
    check_depths(o, pieces_.config(), file);
    tokenizer_ = engine::load_tokenizer(o.model);
    held_out_ = read_held_out(o, *tokenizer_, pieces_.config());
  }

  Json run() {
    bool partial = false;
    Json rows = Json::array(), prices = Json::array();
    std::list<std::unique_ptr<Seed>> seeds;
    for (const std::uint64_t seed : o_.seeds) {
      seeds.push_back(std::make_unique<Seed>(o_, seed));
      plan(*seeds.back());
    }
    for (auto& seed : seeds) {
      try {
        if (!partial) attack(*seed, prices);
      } catch (const Stopped&) {
        partial = true;
      }
      for (const Trial& trial : seed->trials)
        if (trial.row) rows.push_back(*trial.row);
      documents_ = seed->counts;
      seed.reset();  // its activations
    }
    return result(std::move(rows), std::move(prices), partial);
  }

 private:
  struct Seed {
    Seed(const Options& o, std::uint64_t s) : common{o, s, {}, {}, {}} {}
    Common common;
    std::list<View> views;
    std::list<Trial> trials;
    Json counts;
  };

  void add_view(Seed& seed, const Defence& defence, int depth, std::vector<int> depths,
                bool weights_known = true) {
    View view;
    view.weights_known = weights_known;
    view.defence = defence;
    view.depth = depth;
    view.depths = std::move(depths);
    view.victim = view.attacker = &pieces_;
    view.seed = seed.common.seed;
    seed.views.push_back(std::move(view));
  }

  // Changed weights are attacked twice: by one who has them, by one who has the public ones.
  void add_views(Seed& seed, const Defence& defence, int depth) {
    add_view(seed, defence, depth, {depth});
    if (defence.client.change_weights()) add_view(seed, defence, depth, {depth}, false);
  }

  void plan(Seed& seed) {
    for (const Defence& defence : o_.defences) {
      if (defence.client.draw_depth()) {
        add_view(seed, defence, std::ranges::max(o_.depths), o_.depths);  // named by the deepest
        continue;
      }
      for (const int depth : defence.name == "none" ? o_.depths : o_.defence_depths)
        add_views(seed, defence, depth);
    }
    for (const View& view : seed.views) {
      for (const Cut cut : o_.cuts) {
        for (const Target target : {Target::current, Target::next}) {
          for (const std::string& name : view.defended() ? o_.defence_attackers : o_.attackers) {
            const Attacker& attacker = attacker_named(name);
            if (!attacker.where.holds(view, cut, target)) continue;
            seed.trials.push_back({.cell = {&view, cut, target, name}, .attacker = attacker});
            workers_.expect(seed.trials.back().cost(seed.common));
          }
        }
      }
    }
  }

  void attack(Seed& seed, Json& prices) {
    Trained trained(o_, pieces_, *tokenizer_, seed.common.seed, workers_);
    trained.load(0);
    seed.common.frequencies = trained.frequencies();
    seed.common.kinds = token_kinds(*tokenizer_, seed.common.frequencies, o_.rare);
    seed.common.calibration = trained.calibration();
    prepare(seed, trained);
    if (prices.empty()) prices = price(seed);
    for (Trial& trial : seed.trials)
      if (trial.attacker.learns) trial.attack = trial.attacker.make(trial.cell, seed.common);
    for (std::size_t chunk = 0; chunk + 1 < trained.chunks(); ++chunk) {
      train(seed, trained);
      trained.load(chunk + 1);
    }
    std::vector<Job> jobs;
    for (Trial& trial : seed.trials) {
      jobs.push_back({trial.cell.label(), share(trial, seed, trained), [&, this] {
                        if (trial.attacker.learns) learn_from(trial, trained);
                        finish(trial, seed.common, workers_.stop());
                      }});
    }
    count(seed, trained);
    workers_.run(std::move(jobs));
  }

  // Of the cell's expected time: one chunk's, where it learns from several.
  double share(const Trial& trial, const Seed& seed, const Trained& trained) const {
    const bool chunks = trial.attacker.learns && !trial.cell.view->defended();
    return trial.cost(seed.common) / (chunks ? static_cast<double>(trained.chunks()) : 1);
  }

  void learn_from(Trial& trial, const Trained& trained) {
    const View& view = *trial.cell.view;
    learn(trial, view.defended() ? view.pairs : trained.pairs(view.depth, trial.cell.cut), workers_.stop());
  }

  void train(Seed& seed, const Trained& trained) {
    std::vector<Job> jobs;
    for (Trial& trial : seed.trials)
      if (trial.attacker.learns && !trial.cell.view->defended())
        jobs.push_back(
            {trial.cell.label(), share(trial, seed, trained), [&] { learn_from(trial, trained); }});
    workers_.run(std::move(jobs));
  }

  void prepare(Seed& seed, const Trained& trained) {
    std::vector<Job> jobs;
    for (auto view = seed.views.begin(); view != seed.views.end(); ++view) {
      View* other = nullptr;  // the same victim, met by another attacker
      View& first = *view;
      if (const auto next = std::next(view); next != seed.views.end() && !next->weights_known)
        other = &*(view = next);
      jobs.push_back({"documents", 0, [&, other, this] {
                        prepare(first, trained);
                        if (!other) return;
                        other->own = first.own;
                        other->victim = first.victim;
                        other->documents = first.documents;
                        other->document_depth = first.document_depth;
                        make_pairs(*other, some(trained));
                      }});
    }
    workers_.run(std::move(jobs));
  }

  void prepare(View& view, const Trained& trained) {
    if (view.defence.client.change_weights()) {
      const auto text =
          held_out_.others.size() < 16 ? trained.texts() : std::span<const Text>(held_out_.others);
      const auto own = std::make_shared<LoraModel>(
          pieces_, o_.model, text, LoraOptions{view.depth, o_.lora_rank, o_.lora_steps, view.seed},
          workers_.stop());
      view.victim = view.attacker = &own->pieces();
      view.own = own;
    }
    decode_documents(view, held_out_.prompts, o_.new_tokens);
    if (view.defended()) make_pairs(view, some(trained));
  }

  // The texts whose pairs attackers of defended models are given.
  std::span<const Text> some(const Trained& trained) const {
    const auto wanted = static_cast<std::size_t>(std::min(o_.pairs, o_.defence_pairs) / o_.text_tokens);
    return trained.texts().first(std::min(trained.texts().size(), wanted));
  }

  // What defences cost: perplexity on the held-out prompts.
  Json price(const Seed& seed) {
    std::vector<Json> prices(seed.views.size());
    View plain;
    plain.depths = {0};
    plain.victim = plain.attacker = &pieces_;
    const double undefended = perplexity(plain, held_out_.prompts);
    std::vector<Job> jobs;
    std::size_t at = 0;
    for (const View& view : seed.views) {
      Json& into = prices[at++];
      if (!view.defended() || !view.weights_known) continue;
      jobs.push_back({"perplexity", 0, [&, this] {
                        into = {{"defence", view.defence.name},
                                {"depth", view.defence.client.draw_depth() ? Json() : Json(view.depth)},
                                {"perplexity", perplexity(view, held_out_.prompts)},
                                {"undefended", undefended}};
                      }});
    }
    workers_.run(std::move(jobs));
    Json out = Json::array();
    for (Json& price : prices)
      if (!price.is_null()) out.push_back(std::move(price));
    return out;
  }

  void count(Seed& seed, const Trained& trained) const {
    std::size_t tokens = 0;
    for (const Document& d : seed.views.front().documents) tokens += d.ids.size() - 1;
    seed.counts = {{"training", trained.documents()},
                   {"training_tokens", trained.documents() * static_cast<std::size_t>(o_.text_tokens)},
                   {"test", held_out_.prompts.size()},
                   {"test_tokens", tokens}};
  }

  Json result(Json rows, Json prices, bool partial) const {
    const auto& c = pieces_.config();
    Json out = {
        {"schema_version", 1},
        {"model",
         {{"path", o_.model}, {"layers", c.layers}, {"width", c.width}, {"vocabulary", c.vocabulary}}},
        {"scenario", o_.resolved},
        {"documents", documents_}};
    if (partial) out["partial"] = true;
    out["spread"] = spread_of(rows);
    out["rows"] = std::move(rows);
    out["perplexity"] = std::move(prices);
    return out;
  }

  const Options& o_;
  Workers workers_;
  Pieces pieces_;
  std::unique_ptr<engine::Tokenizer> tokenizer_;
  HeldOut held_out_;
  Json documents_ = Json::object();
};

}  // namespace

Options read_options(const Json& scenario, const std::string& file) {
  return read_options(scenario, file, attacker_names());
}

Json run_suite(const Options& o, const std::string& file, const Stop& stop, const Watch& watch) {
  return Suite(o, file, stop, watch).run();
}

}  // namespace splitwan::attacks
