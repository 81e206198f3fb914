#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analysis/attacks/cascade/last_row.hh"
#include "analysis/attacks/cascade/look_up.hh"
#include "analysis/attacks/cascade/measured.hh"
#include "analysis/attacks/mechanism/knowledge.hh"

namespace splitwan::attacks {

using engine::Sharding, engine::ShardRole;

namespace {

// What one party makes of one text.
struct Taken {
  Asked asked = {};
  std::uint64_t passes = 0;
};

// One row of the table: an attack, by whom, under which remedy.
struct Leak {
  std::string leak, party, remedy;  // remedy: "none", or what the client or the scenario does
  std::function<Taken(std::size_t text)> attack;
};

// A public prefix before every text, and what is shown of both.
struct Prefixed {
  std::vector<Token> ids;
  int known = 1;
  Prefixed(const std::vector<Token>& text, const std::vector<Token>& prefix) : ids(prefix) {
    ids.insert(ids.end(), text.begin() + (prefix.empty() ? 0 : 1), text.end());  // one begin-of-text token
    known = std::max<int>(1, static_cast<int>(prefix.size()));
  }
};

class Leaks {
 public:
  Leaks(const CascadeExam& exam, const CascadeKnowledge& knows, const Stop& stop)
      : exam_(exam),
        knows_(knows),
        pieces_(knows.pieces),
        stop_(stop),
        sharding_(exam.what.sharding),
        first_(exam.texts.front().front()),
        plain_table_(pieces_, 0, first_),
        late_table_(pieces_, exam.layer, first_) {
    // Public tokens: k of --public-prefix, or enough that three or more keys are in every shard.
    const int k =
        exam.what.public_prefix ? exam.what.public_prefix : (3 + sharding_.cluster - 1) / sharding_.cluster;
    prefix_ = sample_texts(pieces_, 1000, 1, prefix_tokens(sharding_, k), exam.seed).front().ids;
    prefix_name_ = fmt::format("{} public tokens first", prefix_.size());
    layers_name_ = fmt::format("first {} at the client",
                               exam.layer == 1 ? "layer" : std::to_string(exam.layer) + " layers");
  }

  std::vector<Leak> all() const {
    std::vector<Leak> rows;
    add_layer_0(rows);
    add_few_keys(rows);
    add_partials(rows);
    add_last_row(rows);
    add_insides(rows);
    return rows;
  }

 private:
  int owner() const { return 1; }  // of alpha >= 2: one who is not shown the first tokens

  void add_layer_0(std::vector<Leak>& rows) const {
    const std::pair<const char*, RowKind> parties[] = {{"comp", RowKind::hidden},
                                                       {"attn, query rows", RowKind::query},
                                                       {"attn, key rows", RowKind::key_value}};
    for (const auto& [party, kind] : parties)
      for (const RowTable* table : {&plain_table_, &late_table_})
        rows.push_back({"own rows looked up", party, table->layer() == 0 ? "none" : layers_name_,
                        [this, kind = kind, table](std::size_t d) {
                          const auto& ids = exam_.texts[d];
                          const at::Tensor seen = flat(shown(pieces_, table->layer(), ids), kind);
                          Taken t{.passes = static_cast<std::uint64_t>(pieces_.config().vocabulary)};
                          for (std::size_t i = 1; i < ids.size(); ++i)
                            t.asked.add(ids[i],
                                        table
                                            ->look_up(kind, seen.narrow(0, static_cast<std::int64_t>(i), 1),
                                                      static_cast<int>(i))
                                            .token);
                          return t;
                        }});
  }

  // Asked of the secret tokens that few-key partial results expose without any remedy: those that stand
  // first.
  Taken few_keys(std::size_t d, const Sharding& sharding, int who, const RowTable& table,
                 const std::vector<Token>& prefix, int keys) const {
    const Prefixed text(exam_.texts[d], prefix);
    const int tokens = static_cast<int>(text.ids.size());
    const Exposed e = read_few_keys(table, shown(pieces_, table.layer(), text.ids), sharding, tokens, who);
    const auto& found = keys == 1 ? e.one_key : e.two_keys;
    Taken t{.passes = static_cast<std::uint64_t>(pieces_.config().vocabulary)};
    const int beyond = prefix.empty() ? 0 : text.known - 1;  // where the texts' own positions begin
    Sharding bare = sharding_;
    bare.aggregator = false;
    for (const int p : count_few(partials_of(bare, tokens), keys, 1).exposed) {
      if (bare.shard_of(beyond + p) == owner() || beyond + p >= tokens) continue;
      const auto at = found.find(beyond + p);
      t.asked.add(text.ids.at(static_cast<std::size_t>(beyond) + static_cast<std::size_t>(p)),
                  at == found.end() ? Token{-1} : at->second);
    }
    return t;
  }

  void add_few_keys(std::vector<Leak>& rows) const {
    Sharding merged = sharding_, plain = sharding_;
    merged.aggregator = true, plain.aggregator = false;
    for (const int keys : {1, 2}) {
      if (count_few(partials_of(plain, exam_.what.tokens), keys, 1).count == 0) continue;
      const std::string name = keys == 1 ? "one-key partials" : "two-key partials";
      const auto add = [&](const char* party, const std::string& remedy, const Sharding& s, int who,
                           const RowTable& table, const std::vector<Token>& prefix) {
        rows.push_back({name, party, remedy, [this, s, who, &table, prefix, keys](std::size_t d) {
                          return few_keys(d, s, who, table, prefix, keys);
                        }});
      };
      add("comp", "none", plain, owner(), plain_table_, {});
      add("comp", layers_name_, plain, owner(), late_table_, {});
      add("comp", prefix_name_, plain, owner(), plain_table_, prefix_);
      if (keys == 1) add("merge", "aggregator", merged, -1, plain_table_, {});
      if (keys == 1) add("merge", "aggregator, " + prefix_name_, merged, -1, plain_table_, prefix_);
    }
  }

  Taken reading(const Prefixed& text, const Reading& r, const std::function<bool(int)>& which) const {
    Taken t{.passes = r.passes};
    for (int i = text.known; i < static_cast<int>(text.ids.size()); ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (which(i)) t.asked.add(text.ids[at], at < r.tokens.size() ? r.tokens[at] : Token{-1});
    }
    return t;
  }
  // Foreign tokens that a query of the owner's stands behind.
  std::function<bool(int)> foreign(const Prefixed& text) const {
    int last = static_cast<int>(text.ids.size()) - 1;
    while (last > 0 && sharding_.shard_of(last) != owner()) --last;
    return [this, last](int p) { return p < last && sharding_.shard_of(p) != owner(); };
  }

  void add_partials(std::vector<Leak>& rows) const {
    const std::string name = "partials in order";
    const auto limits = [this](RowKind kind) {
      SearchLimits l = knows_.limits(kind, exam_.budget);
      l.sweeps = 2;
      return l;
    };
    for (const bool prefixed : {false, true}) {
      const std::vector<Token> prefix = prefixed ? prefix_ : std::vector<Token>{};
      const std::string also = prefixed ? ", " + prefix_name_ : "";
      for (const bool own_known : {true, false}) {
        if (prefixed && !own_known) continue;
        rows.push_back({name, "comp",
                        prefixed    ? prefix_name_
                        : own_known ? "none"
                                    : layers_name_,
                        [=, this](std::size_t d) {
                          const Prefixed text(exam_.texts[d], prefix);
                          const LayerRows seen = shown(pieces_, exam_.layer, text.ids);
                          return reading(
                              text,
                              read_partials_at_comp(pieces_, {text.ids, seen, text.known}, sharding_, owner(),
                                                    own_known, limits(RowKind::partial), stop_),
                              foreign(text));
                        }});
      }
      rows.push_back({name, "comp", "aggregator" + also, [=, this](std::size_t d) {
                        const Prefixed text(exam_.texts[d], prefix);
                        const LayerRows seen = shown(pieces_, exam_.layer, text.ids);
                        const Positions own =
                            positions_of(sharding_, {owner()}, static_cast<int>(text.ids.size()));
                        return reading(text,
                                       read_over_holes(pieces_, {text.ids, seen, text.known}, RowKind::hidden,
                                                       own, Own::known, limits(RowKind::hidden), stop_),
                                       foreign(text));
                      }});
      rows.push_back({name, "merge", "aggregator" + also, [=, this](std::size_t d) {
                        const Prefixed text(exam_.texts[d], prefix);
                        const LayerRows seen = shown(pieces_, exam_.layer, text.ids);
                        return reading(text,
                                       read_partials_at_merger(pieces_, {text.ids, seen, text.known},
                                                               sharding_, limits(RowKind::partial), stop_),
                                       [](int) { return true; });
                      }});
    }
  }

  void add_last_row(std::vector<Leak>& rows) const {
    std::set<int> kept{0, 1, 2, exam_.what.tail_layers};
    for (const int tail : kept) {
      if (tail >= pieces_.config().layers) continue;
      rows.push_back({"next token from the last row", "comp",
                      tail ? fmt::format("last {} at the client",
                                         tail == 1 ? std::string("layer") : fmt::format("{} layers", tail))
                           : "none",
                      [this, tail](std::size_t d) {
                        const auto& ids = exam_.texts[d];
                        Taken t;
                        t.asked.truth = next_of_owners(pieces_, ids, {.alpha = 1}, 0);
                        t.asked.answer = next_of_owners(pieces_, ids, sharding_, tail);
                        return t;
                      }});
    }
  }

  // The token behind one that a CompNode has, which is its own inside a cluster and foreign where clusters
  // are of one: told all tokens before it, by the owner's next hidden row.
  void add_insides(std::vector<Leak>& rows) const {
    if (sharding_.cluster < 2) return;
    for (const int cluster : {sharding_.cluster, 1}) {
      const Sharding s{.alpha = sharding_.alpha, .cluster = cluster};
      rows.push_back({"token behind an own one", "comp", cluster == 1 ? "clusters of one" : "none",
                      [=, this](std::size_t d) {
                        const auto& ids = exam_.texts[d];
                        const LayerRows seen = shown(pieces_, exam_.layer, ids);
                        const int tokens = static_cast<int>(ids.size());
                        const Positions own = positions_of(s, {owner()}, tokens);
                        const SearchLimits limits = knows_.limits(RowKind::hidden, exam_.budget);
                        Taken t;
                        for (std::size_t i = 0; i + 1 < own.size(); ++i) {
                          if (cluster > 1 && own[i + 1] != own[i] + 1) continue;
                          const Reading r =
                              read_over_holes(pieces_, {ids, seen, own[i] + 1}, RowKind::hidden, {own[i + 1]},
                                              Own::looked_up, limits, stop_, &late_table_);
                          const auto next = static_cast<std::size_t>(own[i]) + 1;
                          t.asked.add(ids[next], r.tokens[next]);
                          t.passes += r.passes;
                        }
                        return t;
                      }});
    }
  }

  const CascadeExam& exam_;
  const CascadeKnowledge& knows_;
  const Pieces& pieces_;
  const Stop& stop_;
  Sharding sharding_;
  Token first_;
  RowTable plain_table_, late_table_;
  std::vector<Token> prefix_;
  std::string prefix_name_, layers_name_;
};

}  // namespace

Json measured_leaks(const CascadeExam& exam, const CascadeKnowledge& knows, Workers& workers) {
  const Leaks leaks(exam, knows, workers.stop());
  const auto rows = leaks.all();
  std::vector<std::vector<Taken>> taken(rows.size(), std::vector<Taken>(exam.texts.size()));
  std::vector<Job> jobs;
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t d = 0; d < exam.texts.size(); ++d)
      jobs.push_back({rows[r].leak, 1, [&, r, d] { taken[r][d] = rows[r].attack(d); }});
  workers.expect(static_cast<double>(jobs.size()));
  workers.run(std::move(jobs));
  Json out = Json::array();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<Asked> asked;
    std::uint64_t passes = 0;
    for (const Taken& t : taken[r]) asked.push_back(t.asked), passes += t.passes;
    Json row = {{"leak", rows[r].leak}, {"party", rows[r].party}, {"remedy", rows[r].remedy}};
    const Figures f = figures_of(asked, exam.seed);
    add_share(row, "", f);
    row["passes"] = passes;
    row["passes_per_token"] =
        f.tokens ? Json(static_cast<double>(passes) / static_cast<double>(f.tokens)) : Json();
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace splitwan::attacks
