// Advice against brute force, small: few choices over three links (all of them: tests/bench/advice_bench.cc).
#include "tests/fixtures/advice_study.hh"

namespace splitwan::tests {
namespace {

constexpr double near_enough = 0.03;

class Advice : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    study_ = new AdviceStudy(
        SPLITWAN_SOURCE_DIR "/scenarios/advice.json",
        R"(--set 'prompts=["prompts/structured.json"]' --set max_new_tokens=32 --set 'decode=["sequential",)"
        R"("ngram-4","draft-chain-2","draft-chain-12","draft-tree-6","draft-tree-32"]')");
    study_->measure({"f32", "int8"});
    model_ = study_->fitted(R"(["sequential","draft-tree-64"])",
                            {"--set network.rtt=80ms --set network.rate=2Mbit"});
  }
  static void TearDownTestSuite() { delete study_; }
  static inline AdviceStudy* study_ = nullptr;
  static inline std::string model_;
};

TEST_F(Advice, from_two_other_drafters_is_nearly_the_fastest_of_all_that_were_measured) {
  std::set<std::string> fastest;
  for (const AdviceLink& link :
       {AdviceLink{"80ms", "1Mbit", "1Mbit", "4MB", ""}, AdviceLink{"5ms", "1Gbit", "1Gbit", "4MB", ""},
        AdviceLink{"200ms", "50Mbit", "50Mbit", "4MB", ""}}) {
    const Verdict v = study_->judge(model_, link);
    EXPECT_LE(v.loss(), near_enough) << link.name() << ": advised " << v.advised.second << ", "
                                     << v.advised.first << ", fastest " << v.best.second;
    EXPECT_NEAR(v.projected / v.of_advised.tokens_per_s, 1, 0.05) << link.name();
    fastest.insert(v.best.second);
  }
  EXPECT_GT(fastest.size(), 1u) << "one choice is the fastest everywhere: nothing was asked";
}

}  // namespace
}  // namespace splitwan::tests
