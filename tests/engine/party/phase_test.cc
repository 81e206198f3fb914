#include "engine/party/phase.hh"

#include <gtest/gtest.h>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using tests::error_of;

TEST(Phase, phases_are_found_by_their_names) {
  for (const Phase p :
       {Phase::head, Phase::middle, Phase::tail, Phase::codec, Phase::draft, Phase::verify, Phase::attend}) {
    EXPECT_EQ(phase_named(name_of(p)), p);
  }
  EXPECT_EQ(error_of([] { phase_named("belly"); }), "unknown phase 'belly'");
}

}  // namespace
}  // namespace splitwan::engine
