// `splitwan serve` from outside: announced, asked by `generate`, ended by a signal.
#include <sstream>

#include "engine/net/open_socket.hh"
#include "tests/fixtures/live_server.hh"
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

TEST(Serve, announces_what_the_page_says) {
  Server server({"--model", demo_model, "--layers", "2:10"});
  EXPECT_EQ(expect_said(server.announced(), "serve"), 4u);
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Serve, gives_a_client_the_tokens_of_decoding_alone) {
  Server server(
      {"--model", demo_model, "--layers", "2:10", "--sessions", "2", "--idle", "1min", "--threads", "1"});
  const std::string ask =
      "generate --model " + demo_model + " --prompt 'once upon a time' --max-new-tokens 6 --json ";
  const Outcome far = splitwan(ask + "--split 2,2 --timeout 20s --server " + address(server.announced()));
  ASSERT_EQ(far.code, 0) << far.err;
  EXPECT_EQ(far.json()["output_ids"], splitwan(ask).json()["output_ids"]);
  EXPECT_EQ(far.json()["network"], "sockets");
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Serve, of_a_live_run_generate_report_and_fit_say_the_same_to_the_digit) {
  const TemporaryFolder folder;
  const std::string trace = folder / "live.jsonl";
  Server server({"--model", demo_model, "--layers", "2:10"});
  const Outcome o = splitwan(
      "generate --model " + demo_model +
      " --prompt 'once upon a time' --max-new-tokens 24 --ignore-eos --decode ngram --json --server " +
      address(server.announced()) + " --trace " + trace);
  ASSERT_EQ(o.code, 0) << o.err;
  const Outcome report = splitwan("report --json " + trace + " -o " + folder / "r.md"),
                fit = splitwan("fit --json " + trace);
  ASSERT_EQ(report.code, 0) << report.err;
  ASSERT_EQ(fit.code, 0) << fit.err;
  const nlohmann::json here = o.json(), said = report.json()["results"][0],
                       link = fit.json()["fitted_on"]["conditions"][0];
  for (const char* key :
       {"tokens_per_s", "time_to_first_token_s", "bytes_up", "bytes_down", "probe_bytes", "round_trips"})
    EXPECT_EQ(here[key], said[key]) << key;
  EXPECT_EQ(said["live"], true);
  EXPECT_GT(said["rtt_s"], 0);
  for (const char* key : {"rtt_s", "up_bps", "down_bps", "loss"}) EXPECT_EQ(said[key], link[key]) << key;
  EXPECT_EQ(text_of(folder / "r.md").find("live connection"), std::string::npos);
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Serve, on_a_unix_socket_that_only_its_owner_may_use) {
  const TemporaryFolder folder;
  const std::string path = folder / "socket";
  Server server({"--model", demo_model, "--layers", "2:10"}, {"--listen", "unix:" + path});
  EXPECT_EQ(server.announced()["path"], path);
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
  const Outcome o = splitwan("generate --model " + demo_model +
                             " --prompt 'once upon a time' --max-new-tokens 4 --json --server unix:" + path);
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(server.end(SIGTERM), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Serve, whose_log_cannot_be_written_serves_on) {
  Server server({"--model", demo_model, "--layers", "2:10"}, {"--listen", "127.0.0.1:0"}, "/dev/full");
  const std::string ask = "generate --model " + demo_model + " --prompt a --max-new-tokens 2 --server " +
                          address(server.announced());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(splitwan(ask).code, 0);
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Serve, writes_its_log_as_objects_where_asked) {
  Server server({"--model", demo_model, "--layers", "2:10", "--log-json"});
  const std::string at = address(server.announced());
  EXPECT_EQ(splitwan("generate --model " + demo_model + " --prompt a --max-new-tokens 2 --server " + at).code,
            0);
  EXPECT_EQ(server.end(SIGTERM), 0);
  std::istringstream lines(server.said());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    for (const char* key : {"time", "level", "message"})
      EXPECT_TRUE(nlohmann::json::parse(line).contains(key)) << line;
  EXPECT_GE(count, 2);  // a client came and went
}

TEST(Serve, told_to_end_lets_no_session_keep_it_for_longer_than_agreed) {
  Server server({"--model", demo_model, "--layers", "2:10", "--drain", "100ms"});
  const engine::OpenSocket silent = engine::connect(engine::parse_endpoint(address(server.announced())));
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Serve, tells_a_client_with_another_plan_what_differs) {
  Server server({"--model", demo_model, "--layers", "2:10"});
  const Outcome o = splitwan("generate --model " + demo_model + " --prompt a --split 3,2 --server " +
                             address(server.announced()));
  EXPECT_EQ(o.code, 2);
  EXPECT_EQ(o.out, "");
  EXPECT_NE(o.err.find("layers"), std::string::npos) << o.err;
  EXPECT_EQ(server.end(SIGINT), 0);
}

TEST(Serve, refuses_in_one_line_that_names_the_option) {
  const std::string serve = "serve --model " + demo_model;
  expect_refusal("serve", "--model");
  expect_refusal(serve, "--layers");
  expect_refusal(serve + " --layers 2:99", "2:99");
  expect_refusal(serve + " --layers 2:10 --listen 0.0.0.0:0", "--insecure");
  expect_refusal(serve + " --layers 2:10 --listen nowhere", "nowhere");
  expect_refusal(serve + " --layers 2:10 --sessions 0", "--sessions");
  expect_refusal(serve + " --layers 2:10 --idle soon", "soon");
  expect_refusal(serve + " --layers 2:10 --keep 0s", "--keep");
  expect_refusal(serve + " --layers 2:10 --drain 0s", "--drain");
  expect_refusal(serve + " --layers 2:10 --memory 1kB", "--memory");
  expect_refusal(serve + " --layers 2:10 --per-source 0", "--per-source");
  expect_refusal(serve + " --layers 2:10 --storage int3", "int3");
  expect_refusal(serve + " --layers 2:10 --device abacus", "abacus");
}

}  // namespace
}  // namespace splitwan::tests
