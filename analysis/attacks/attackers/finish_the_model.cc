#include "analysis/attacks/attackers/finish_the_model.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/attackers/learner.hh"

namespace splitwan::attacks {
namespace {

class FinishTheModel : public Attack {
 public:
  explicit FinishTheModel(const Cell& cell) : view_(*cell.view), model_(*view_.attacker) {}
  Recovered recover(const Document& d, std::size_t index, const Stop&) override {
    const int layers = model_.config().layers, depth = view_.document_depth[index];
    Session session(model_, layers);
    session.begin(chain(d.ids.size()));
    passes_ += d.ids.size();
    const at::Tensor x =
        session.through(round_trip(d.output, *view_.defence.wire).clone(), layers - depth, layers);
    return {best_five(asked(model_.logits(x), d, Target::next)), {}};
  }

 private:
  const View& view_;
  const Pieces& model_;
};

}  // namespace

std::unique_ptr<Attack> make_finish_the_model(const Cell& cell, const Common&) {
  return std::make_unique<FinishTheModel>(cell);
}

// 1.5 to 5 ms for 8 documents and each layer that is left, the head included.
double finish_the_model_cost(const Cell& cell, const Common& common) {
  return 0.0004 * common.options.document_limit * (1 + cell.view->depth);
}

}  // namespace splitwan::attacks
