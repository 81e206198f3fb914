// The attackers that a scenario can name: one row each.
#include <algorithm>

#include "analysis/attacks/attackers/attacker.hh"
#include "analysis/attacks/attackers/controls.hh"
#include "analysis/attacks/attackers/finish_the_model.hh"
#include "analysis/attacks/attackers/learned.hh"
#include "analysis/attacks/attackers/nearest_neighbour.hh"
#include "analysis/attacks/attackers/sipit.hh"
#include "analysis/attacks/attackers/vocabulary_matching.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

constexpr Where plain{.defended = false}, current{.next = false}, next{.current = false},
    plain_current{.next = false, .defended = false};

}  // namespace

const std::vector<Attacker>& attackers() {
  // clang-format off
  static const std::vector<Attacker> rows = {
      {.name = "uniform", .control = true, .where = plain, .cost = control_cost, .make = make_uniform},
      {.name = "unigram", .control = true, .where = plain, .cost = control_cost, .make = make_unigram},
      {.name = "language_model", .control = true, .where = plain_current, .cost = control_cost,
       .make = make_language_model},
      {.name = "shuffled_labels", .control = true, .learns = true, .where = plain,
       .cost = cost_of_learning<shuffled_labels>, .make = make_learned<shuffled_labels>},
      {.name = "nearest_neighbour", .against_defences = true, .where = current,
       .cost = nearest_neighbour_cost, .make = make_nearest_neighbour},
      {.name = "mlp_published", .learns = true, .cost = cost_of_learning<mlp_published>,
       .make = make_learned<mlp_published>},
      {.name = "mlp", .learns = true, .against_defences = true, .cost = cost_of_learning<mlp>,
       .make = make_learned<mlp>},
      {.name = "sequence", .learns = true, .cost = cost_of_learning<sequence>,
       .make = make_learned<sequence>},
      {.name = "vocabulary_matching", .searches = true, .against_defences = true, .where = current,
       .cost = vocabulary_matching_cost, .make = make_vocabulary_matching<Permutation::none>},
      {.name = "vocabulary_matching_s", .searches = true, .where = plain_current,
       .cost = vocabulary_matching_cost, .make = make_vocabulary_matching<Permutation::sequence>},
      {.name = "vocabulary_matching_d", .searches = true, .where = plain_current,
       .cost = vocabulary_matching_cost, .make = make_vocabulary_matching<Permutation::hidden>},
      {.name = "vocabulary_matching_sd", .searches = true, .where = plain_current,
       .cost = vocabulary_matching_cost, .make = make_vocabulary_matching<Permutation::both>},
      {.name = "sipit", .searches = true, .where = current, .cost = sipit_cost, .make = make_sipit},
      {.name = "finish_the_model", .against_defences = true, .where = next, .cost = finish_the_model_cost,
       .make = make_finish_the_model},
  };
  // clang-format on
  return rows;
}

const Attacker& attacker_named(std::string_view name) {
  const auto found = std::ranges::find(attackers(), name, &Attacker::name);
  if (found == attackers().end())
    throw engine::Error("attacker '{}': expected one of {}", name, fmt::join(attacker_names().all, ", "));
  return *found;
}

AttackerNames attacker_names() {
  AttackerNames names;
  for (const Attacker& a : attackers()) {
    names.all.emplace_back(a.name);
    if (a.against_defences) names.against_defences.emplace_back(a.name);
  }
  return names;
}

bool Where::holds(const View& view, Cut cut, Target target) const {
  if (cut == Cut::input && target == Target::next) return false;
  return (target == Target::current ? current : next) && (defended || !view.defended());
}

std::string_view Attacker::kind() const {
  return control ? "control" : learns ? "learned" : searches ? "search" : "direct";
}

}  // namespace splitwan::attacks
