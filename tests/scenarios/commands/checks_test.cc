// Spot checks from outside: of a server in this process, and of a live one.
#include "tests/fixtures/live_server.hh"

namespace splitwan::tests {
namespace {

const std::string generate = "generate --model " + demo_model + " ";

TEST(Checks, change_no_token_and_say_how_many_passed) {
  const std::string ask =
      generate + "--prompt 'once upon a time' --max-new-tokens 12 --ignore-eos --split 2,2 --json ";
  const auto plain = splitwan(ask).json();
  const Outcome o = splitwan(ask + "--check-steps 5 --check-layers 3,4,8 --check-draws 2");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto checked = o.json();
  EXPECT_EQ(checked["output_ids"], plain["output_ids"]);
  // Two of the checks say which row is kept, in place of the request behind them.
  EXPECT_EQ(checked["bytes_up"].get<int>() + 2 * 4, plain["bytes_up"]);
  EXPECT_FALSE(plain.contains("checks"));
  const auto& c = checked["checks"];
  EXPECT_EQ(c["made"], 3);  // after steps 5, 10 and 12
  EXPECT_EQ(c["passed"], 3);
  EXPECT_EQ(c["layers"], (nlohmann::json{3, 4, 8}));
  EXPECT_EQ(c["drawn"], 2);
  EXPECT_EQ(c["of"], 8);
  EXPECT_EQ(c["chance"], 0.25);
  EXPECT_EQ(c["chance_per_step"], 0.05);
  EXPECT_GT(c["bytes_down"], 0);
}

TEST(Checks, of_a_live_server_pass_and_are_in_its_trace_and_its_report) {
  const TemporaryFolder folder;
  const std::string trace = folder / "live.jsonl";
  Server server({"--model", demo_model, "--layers", "2:10"});
  const Outcome o = splitwan(generate +
                             "--prompt 'once upon a time' --max-new-tokens 12 --ignore-eos --check-steps 4 "
                             "--server " +
                             address(server.announced()) + " --trace " + trace);
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.err.find("3 of 3 spot checks passed, 1 of the server's 8 layers each 4 steps"),
            std::string::npos)
      << o.err;
  EXPECT_NE(text_of(trace).find(R"("type":"check")"), std::string::npos);
  const Outcome report = splitwan("report --json " + trace + " -o " + folder / "r.md");
  ASSERT_EQ(report.code, 0) << report.err;
  EXPECT_EQ(report.json()["results"][0]["checks"]["passed"], 3);
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Checks, that_cannot_be_made_are_refused_with_what_was_expected) {
  const auto refusal = [](const std::string& more) {
    const Outcome o = splitwan(generate + "--prompt abc " + more);
    EXPECT_EQ(o.code, 2) << more;
    return o.err;
  };
  const auto says = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  says(refusal("--check-steps 5"), "check_steps: nothing is sent on the network local");
  says(refusal("--split 2,2 --check-layers 3"), "expected the key \"check_steps\" beside them");
  says(refusal("--split 2,2 --check-steps 5 --check-layers 3,3"), "each once, as in 5,9,12");
  says(refusal("--split 2,2 --check-steps 5 --check-layers 1"), "layer 1: the server has 2 to 9");
  says(refusal("--split 2,2 --check-steps 5 --check-draws 9"), "9 layers of 8");
}

}  // namespace
}  // namespace splitwan::tests
