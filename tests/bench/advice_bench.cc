// Advice against brute force over twelve links: every choice of scenarios/advice.json on three wires, over
// each; every other link is advised from a trace of two drafters over one link. Prints the table of
// model/README.md; exit code 1 when fewer than eleven advised choices come within 3 % of the fastest.
#include <fmt/format.h>

#include "tests/fixtures/advice_study.hh"

namespace splitwan::tests {
namespace {

constexpr double near_enough = 0.03;
constexpr int enough = 11;

const std::vector<AdviceLink> links = {
    {"5ms", "1Gbit", "1Gbit", "4MB", ""},    {"10ms", "3Mbit", "3Mbit", "", ""},
    {"20ms", "10Mbit", "10Mbit", "", ""},    {"20ms", "100Mbit", "100Mbit", "4MB", ""},
    {"35ms", "25Mbit", "25Mbit", "", ""},    {"60ms", "100Mbit", "100Mbit", "", "0.5%"},
    {"80ms", "2Mbit", "2Mbit", "4MB", ""},   {"80ms", "20Mbit", "20Mbit", "", ""},
    {"120ms", "5Mbit", "50Mbit", "4MB", ""}, {"150ms", "100Mbit", "100Mbit", "", ""},
    {"200ms", "1Mbit", "1Mbit", "4MB", ""},  {"300ms", "20Mbit", "20Mbit", "4MB", ""},
};

std::string at(const char* rtt, const char* rate) {
  return fmt::format("--set network.rtt={} --set network.rate={}", rtt, rate);
}

std::string words(const std::pair<std::string, std::string>& choice) {
  return choice.second + ", " + choice.first;
}

int run() {
  AdviceStudy study(SPLITWAN_SOURCE_DIR "/scenarios/advice.json", "");
  study.measure({"f32", "f16", "int8"});
  const std::string many =
      study.fitted(R"(["sequential", "ngram-5", "lookahead-5-4-5", "draft-chain-4", "draft-tree-16"])",
                   {at("20ms", "10Mbit"), at("120ms", "50Mbit")});
  const std::pair<const char*, std::string> two[] = {
      {"sequential, draft-tree-64",
       study.fitted(R"(["sequential", "draft-tree-64"])", {at("80ms", "2Mbit")})},
      {"ngram-5, draft-chain-4", study.fitted(R"(["ngram-5", "draft-chain-4"])", {at("40ms", "50Mbit")})},
      {"sequential, draft-tree-16",
       study.fitted(R"(["sequential", "draft-tree-16"])", {at("120ms", "5Mbit")})}};
  fmt::print("| link | traced | advised | projected | measured tokens/s | fastest | measured | lost |\n");
  fmt::print("|---|---|---|--:|--:|---|--:|--:|\n");
  int near = 0;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const auto& [traced, model] =
        i % 2 == 0 ? std::pair<const char*, std::string>{"five", many} : two[i / 2 % 3];
    const Verdict v = study.judge(model, links[i]);
    near += v.loss() <= near_enough;
    fmt::print("| {} | {} | {} | {:.2f} | {:.2f} | {} | {:.2f} | {:.1f} % |\n", links[i].name(), traced,
               words(v.advised), v.projected, v.of_advised.tokens_per_s, words(v.best),
               v.of_best.tokens_per_s, 100 * v.loss());
    std::fflush(stdout);
  }
  fmt::print("{} of {} within {:g} %\n", near, links.size(), 100 * near_enough);
  return near >= enough ? 0 : 1;
}

}  // namespace
}  // namespace splitwan::tests

int main() { return splitwan::tests::run(); }
