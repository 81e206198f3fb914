// A budget is charged before anything is sent, and stays charged.
#include "engine/privacy/budget.hh"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "engine/base/json_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr, testing::Le, testing::Gt;
using tests::error_of;

class BudgetFile : public testing::Test {
 protected:
  BudgetFile()
      : path_(testing::TempDir() + "budget_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove(path_);
    create_budget(path_, {mechanism, 1e-5, 40, 0});
  }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::trunc) << text; }
  static constexpr BinomialSpec mechanism{1, 4, 128, 0.05};
  std::string path_;
};

TEST_F(BudgetFile, holds_as_many_rows_as_its_epsilon_allows) {
  const BudgetState s = read_budget(path_);
  const std::uint64_t most = s.most_rows();
  BudgetState full = s, over = s;
  full.rows = most, over.rows = most + 1;
  EXPECT_THAT(full.spent(), Le(40));
  EXPECT_THAT(over.spent(), Gt(40));
  EXPECT_EQ(s.spent(), 0);
}

TEST_F(BudgetFile, refuses_what_does_not_fit_and_charges_nothing_of_it) {
  const std::uint64_t most = read_budget(path_).most_rows();
  Budget budget(path_, mechanism);
  budget.charge(most - 2);
  EXPECT_EQ(read_budget(path_).rows, most - 2);
  EXPECT_THAT(error_of([&] { budget.charge(3); }), HasSubstr("spent"));
  EXPECT_EQ(read_budget(path_).rows, most - 2);
  budget.charge(2);
  EXPECT_THAT(error_of([&] { budget.charge(1); }), HasSubstr(path_ + ": spent: "));
  EXPECT_THAT(error_of([&] { Budget(path_, mechanism).charge(1); }), HasSubstr("nothing was sent"));
}

TEST_F(BudgetFile, is_not_begun_again) {
  EXPECT_THAT(error_of([&] {
                create_budget(path_, {mechanism, 1e-5, 1000, 0});
              }),
              HasSubstr("not begun again"));
}

TEST_F(BudgetFile, of_another_mechanism_is_refused) {
  BinomialSpec other = mechanism;
  other.mu = 2;
  EXPECT_THAT(error_of([&] { Budget(path_, other); }), HasSubstr("mechanism: expected {\"mu\":2.0"));
}

TEST_F(BudgetFile, that_is_damaged_is_refused_with_its_key) {
  const std::string whole = read_text_file(path_);
  for (std::size_t length = 0; length + 2 < whole.size(); length += 7) {
    write(whole.substr(0, length));
    EXPECT_THAT(error_of([&] { Budget(path_, mechanism); }), HasSubstr(path_)) << length;
  }
  Json json = Json::parse(whole);
  json["rows"] = -1;
  write(json.dump());
  EXPECT_THAT(error_of([&] { Budget(path_, mechanism); }), HasSubstr("rows"));
  std::filesystem::remove(path_);
  EXPECT_THAT(error_of([&] { Budget(path_, mechanism); }), HasSubstr(path_));
}

TEST_F(BudgetFile, that_several_share_counts_what_each_charges) {
  std::vector<std::thread> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      Budget budget(path_, mechanism);
      for (int j = 0; j < 3; ++j) budget.charge(1);
    });
  for (auto& c : clients) c.join();
  EXPECT_EQ(read_budget(path_).rows, std::min<std::uint64_t>(12, read_budget(path_).rows));
  EXPECT_EQ(read_budget(path_).rows, 12u);
}

// A process that dies at any moment leaves what it was told, or what it was telling.
TEST_F(BudgetFile, survives_a_client_that_is_killed) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t before = read_budget(path_).rows;
    const pid_t child = fork();
    if (child == 0) {
      Budget budget(path_, {1, 4, 128, 0.05});
      try {
        for (;;) budget.charge(1);
      } catch (...) {
        _exit(0);
      }
    }
    usleep(1000 + 1500 * round);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_GE(read_budget(path_).rows, before);
  }
}

}  // namespace
}  // namespace splitwan::engine
