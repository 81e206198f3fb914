#include "engine/party/rehearsal.hh"

#include <algorithm>

#include "engine/base/json_file.hh"

namespace splitwan::engine {

Json to_json(const Rehearsal& r) {
  return {{"drafter", r.drafter},
          {"rows", r.rows},
          {"accepted", r.accepted},
          {"listed", r.listed},
          {"draft_ns", r.draft.count()}};
}

std::vector<Rehearsal> rehearsals_of(const Json& end, const std::string& where) {
  std::vector<Rehearsal> all;
  if (!end.is_object() || !end.contains("rehearsed")) return all;
  ObjectReader of_end(end, where);
  for (const Json& j : of_end.list("rehearsed")) {
    ObjectReader r(j, of_end.path("rehearsed"));
    Rehearsal& one = all.emplace_back();
    one.drafter = r.need<std::string>("drafter");
    one.rows = r.need<std::vector<std::uint32_t>>("rows");
    one.accepted = r.need<std::vector<std::uint32_t>>("accepted");
    one.listed = r.need<std::uint64_t>("listed");
    one.draft = Nanos(r.whole<std::int64_t>("draft_ns", 0, std::numeric_limits<std::int64_t>::max()));
    r.done();
    if (one.rows.size() != one.accepted.size())
      throw Error("{}: {} steps, expected as many as in rows: {}", r.path("accepted"), one.accepted.size(),
                  one.rows.size());
    for (std::size_t i = 0; i < one.rows.size(); ++i) {
      if (one.accepted[i] < 1 || one.accepted[i] > one.rows[i])
        throw Error("{}: step {}: expected 1 to {}, its rows, found {}", r.path("accepted"), i + 1,
                    one.rows[i], one.accepted[i]);
    }
  }
  return all;
}

}  // namespace splitwan::engine
