// What fuzzing has found and learnt, fed to the same harnesses by an ordinary build; and, without a fuzzer's
// guidance, changed at random for SPLITWAN_FUZZ_SECONDS in all (60).
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

struct Input {
  std::string file, text;
};

std::vector<Input> corpus_of(const Harness& harness) {
  std::vector<Input> inputs;
  const fs::path folder = fs::path(SPLITWAN_SOURCE_DIR) / "tests/fuzzing/corpus" / harness.name;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    inputs.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(in), {}}});
  }
  std::ranges::sort(inputs, {}, &Input::file);
  return inputs;
}

// What was thrown beside a refusal; empty: nothing.
std::string trouble_with(const Harness& harness, const std::string& text) {
  try {
    harness.feed(text);
    return "";
  } catch (const std::exception& e) {
    return e.what();
  }
}

class Corpus : public testing::TestWithParam<std::size_t> {
 protected:
  const Harness& harness = harnesses()[GetParam()];
};

TEST_P(Corpus, is_taken_or_refused) {
  const std::vector<Input> inputs = corpus_of(harness);
  for (const Input& input : inputs) EXPECT_EQ(trouble_with(harness, input.text), "") << input.file;
  std::printf("fed %zu inputs\n", inputs.size());
  EXPECT_GE(inputs.size(), 3u);
}

// A copy with a few of its bytes changed, dropped or doubled, or with the rest of another input.
std::string changed(std::string text, const std::vector<Input>& others, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::ptrdiff_t>(n > 0 ? random() % n : 0); };
  for (std::ptrdiff_t times = 1 + below(4); times > 0 && !text.empty(); --times) {
    const std::ptrdiff_t at = below(text.size()),
                         some = std::min<std::ptrdiff_t>(1 + below(8), std::ssize(text) - at);
    const auto begin = text.begin() + at;
    switch (random() % 5) {
      case 0:
        *begin = static_cast<char>(*begin ^ 1 << random() % 8);
        break;
      case 1:
        *begin = static_cast<char>(random());
        break;
      case 2:
        text.erase(begin, begin + some);
        break;
      case 3:
        text.insert(static_cast<std::size_t>(at),
                    text.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(some)));
        break;
      default: {
        const std::string& other = others[static_cast<std::size_t>(below(others.size()))].text;
        text = text.substr(0, static_cast<std::size_t>(at)) +
               other.substr(static_cast<std::size_t>(below(other.size())));
      }
    }
  }
  return text;
}

TEST_P(Corpus, changed_at_random_is_taken_or_refused) {
  const char* set = std::getenv("SPLITWAN_FUZZ_SECONDS");
  const std::chrono::duration<double> share{(set ? std::atof(set) : 60) /
                                            static_cast<double>(harnesses().size())};
  const auto end = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(share);
  const std::vector<Input> inputs = corpus_of(harness);
  ASSERT_FALSE(inputs.empty());
  std::mt19937_64 random(1);
  std::size_t fed = 0;
  for (; fed == 0 || steady_clock::now() < end; ++fed) {
    const std::string text = changed(inputs[fed % inputs.size()].text, inputs, random);
    const std::string trouble = trouble_with(harness, text);
    ASSERT_EQ(trouble, "") << "of the input " << testing::PrintToString(text);
  }
  std::printf("fed %zu inputs\n", fed);
}

std::vector<std::size_t> all() {
  std::vector<std::size_t> numbers(harnesses().size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  return numbers;
}

INSTANTIATE_TEST_SUITE_P(Of, Corpus, testing::ValuesIn(all()),
                         [](const auto& of) { return std::string(harnesses()[of.param].name); });

TEST(Corpora, have_a_harness_each) {
  std::vector<std::string> folders, names;
  for (const auto& entry : fs::directory_iterator(fs::path(SPLITWAN_SOURCE_DIR) / "tests/fuzzing/corpus"))
    folders.push_back(entry.path().filename().string());
  for (const Harness& harness : harnesses()) names.emplace_back(harness.name);
  EXPECT_THAT(folders, testing::UnorderedElementsAreArray(names));
  EXPECT_GE(names.size(), 14u);
}

}  // namespace
}  // namespace splitwan::fuzz
