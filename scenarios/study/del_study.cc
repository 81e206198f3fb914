#include "scenarios/study/del_study.hh"

#include <ATen/ATen.h>

#include <list>
#include <numeric>

#include "engine/base/error.hh"
#include "engine/text/tokenizer.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/study/cell.hh"
#include "scenarios/train/step.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;
class Study {
 public:
  Study(const DelOptions& o, const Stop& stop)
      : o_(o), stop_(stop), pieces_(o.model), knowledge_(pieces_), shared_{o,  resources_, knowledge_, {},
                                                                           {}, {},         {}} {
    const auto& tokenizer = resources_.tokenizer(o.model);
    shared_.documents = attacks::held_out_texts(o.documents, tokenizer, pieces_.config(), o.documents_used,
                                                o.document_tokens);
    for (const std::string& maps : o.maps) grounds_.emplace_back(o, maps, tokenizer);
    check();
    make_prompts();
    plan();
  }

  Json run(const Json& earlier, const StudyWatch& watch) { return run_jobs(about(), jobs_, earlier, watch); }

 private:
  void check() const {
    const auto& c = pieces_.config();
    const int rows = std::max(o_.prompt_tokens, o_.document_tokens + o_.continuation_tokens);
    if (rows >= c.context)
      throw engine::Error("prompt_tokens, document_tokens: {} rows: the model's context is {}", rows,
                          c.context);
  }

  void make_prompts() {
    const auto count =
        std::min<std::size_t>(static_cast<std::size_t>(o_.continuations), shared_.documents.size());
    const Frozen& frozen = grounds_.front().frozen();
    for (std::size_t i = 0; i < count; ++i) {
      shared_.prompts.push_back(shared_.documents[i].ids);
      const auto text = continuation(o_, resources_, {}, shared_.prompts.back());
      shared_.answers.push_back(mean_row(frozen, shared_.prompts.back(), text));
    }
    const at::Tensor text = written_text(o_.model, 1, o_.prompt_tokens, o_.seed, 7u << 20).ids;
    const auto* ids = text.data_ptr<std::int64_t>();
    shared_.long_prompt.assign(ids, ids + o_.prompt_tokens);
  }

  void plan() {
    for (Ground& g : grounds_) {
      const int width = g.weights().maps->width;
      for (const int bits : o_.bits)
        for (const double mu : o_.mu)
          jobs_.push_back({"cells", {{"mu", mu}, {"bits", bits}, {"width", width}}, [this, &g, mu, bits] {
                             return cell(shared_, g, mu, bits, stop_);
                           }});
    }
    Ground& g = grounds_.front();
    for (const std::string& kind : o_.baselines) plan_baseline(g, kind);
    for (const double target : o_.targets) {
      for (const char* by : {"", "cosine"})
        jobs_.push_back(
            {"calibrated", {{"target", target}, {"by", *by ? by : "strongest"}}, [this, &g, target, by] {
               return calibrated(shared_, g, o_.bits.back(), target, by, stop_);
             }});
    }
  }

  // At every mu and precision where it has any, else at every epsilon of its own, else once.
  void plan_baseline(Ground& g, const std::string& kind) {
    const auto& known = attacks::channel_kind(kind);
    const auto add = [&](Json key, double mu, int bits, double strength) {
      key["kind"] = kind;
      jobs_.push_back({"baselines", std::move(key), [this, &g, kind, mu, bits, strength] {
                         return baseline(shared_, g, kind, g.spec(mu, bits), strength, stop_);
                       }});
    };
    if (known.by_mu) {
      for (const int bits : o_.bits)
        for (const double mu : o_.mu) add({{"mu", mu}, {"bits", bits}}, mu, bits, 0);
    } else if (known.by_own) {
      for (const double epsilon : o_.baseline_epsilon)
        add({{"epsilon", epsilon}}, 20, o_.bits.front(), epsilon);
    } else {
      add(Json::object(), 20, o_.bits.front(), 0);
    }
  }

  Json about() {
    const Ground& g = grounds_.front();
    const auto& own = g.texts().front();
    const Interval clean = perplexity(own.clean, o_.seed);
    Json j = {{"schema_version", 1}, {"study", "del"}, {"name", o_.name}};
    j["clean"] = {{"perplexity", clean.value}, {"perplexity_ci90", {clean.low, clean.high}}};
    j["clean"]["blind_perplexity"] = perplexity(judge_blind(g.judging(own), g.frozen()), o_.seed).value;
    j["held_out_tokens"] =
        static_cast<std::int64_t>(std::accumulate(own.clean.counted.begin(), own.clean.counted.end(), 0.0));
    for (std::size_t i = 1; i < g.texts().size(); ++i)
      j["clean"]["other_texts"].push_back(
          {{"text", g.texts()[i].name}, {"perplexity", perplexity(g.texts()[i].clean, o_.seed).value}});
    j["absent"] = g.absent();
    if (shared_.answers.size() > 1) {  // what texts have in common that have nothing to do with each other
      auto others = shared_.answers;
      std::ranges::rotate(others, others.begin() + 1);
      j["clean"]["similarity_of_others"] = similarity(shared_.answers, others);
    }
    for (const std::string& link : o_.links)
      for (const char* wire : {"f32", "f16"})
        j["clean"]["time_to_first_token_s"][wire][link] =
            first_token_s(o_, resources_, {.wire = &engine::codec_named(wire)}, link, shared_.long_prompt);
    j["cells"] = Json::array();
    j["commit"] = build_commit_text();
    j["machine"] = to_json(machine(o_.threads));
    j["scenario"] = o_.text;
    return j;
  }

  const DelOptions& o_;
  const Stop& stop_;
  Resources resources_;
  attacks::Pieces pieces_;
  attacks::Knowledge knowledge_;
  Shared shared_;
  std::list<Ground> grounds_;
  std::vector<StudyJob> jobs_;
};

}  // namespace

Json run_del_study(const DelOptions& o, const Json& earlier, const Stop& stop, const StudyWatch& watch) {
  one_thread_per_operation();
  return Study(o, stop).run(earlier, watch);
}

}  // namespace splitwan::scenarios
