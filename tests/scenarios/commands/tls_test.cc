// TLS from outside: folders made by one command, both ends, and who is not let in.
#include "tests/fixtures/live_server.hh"
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

namespace fs = std::filesystem;

std::string generate(const nlohmann::json& server, const std::string& more) {
  return "generate --model " + demo_model + " --server " + address(server) +
         " --prompt 'one, two' --max-new-tokens 4 --json " + more;
}

void expect_line(const Outcome& o, const std::string& words) {
  EXPECT_EQ(o.code, 2);
  EXPECT_EQ(o.out, "");
  EXPECT_NE(o.err.find(words), std::string::npos) << o.err;
}

TEST(TlsCommands, make_folders_for_two_machines_which_then_know_each_other) {
  const TemporaryFolder folder;
  const std::string tls = folder / "tls", token = folder / "token";
  std::ofstream(token) << "0123456789abcdef0123456789abcdef\n";
  fs::permissions(token, fs::perms(0600));
  const Outcome made =
      splitwan("serve --init-tls " + tls + " --name gpu.example.org --name 127.0.0.1 --days 30 --json");
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(expect_said(made.json(), "serve"), 7u);
  EXPECT_EQ(made.json()["parties"].size(), 2u);
  EXPECT_EQ(made.json()["parties"][0]["names"], (nlohmann::json{"gpu.example.org", "127.0.0.1"}));
  expect_refusal("serve --init-tls " + tls, "nothing is overwritten");
  EXPECT_EQ(splitwan("serve --init-tls " + tls + " --client laptop").code, 0);

  const Server server(
      {"--model", demo_model, "--layers", "2:10", "--tls", tls + "/server", "--token", token});
  const nlohmann::json at = server.announced();
  const Outcome local =
      splitwan("generate --model " + demo_model + " --prompt 'one, two' --max-new-tokens 4 --json");
  for (const char* client : {"/client", "/laptop --tls-name gpu.example.org"}) {
    const Outcome o = splitwan(generate(at, "--token " + token + " --tls " + tls + client));
    ASSERT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(o.json()["output_ids"], local.json()["output_ids"]);
  }
  const std::string trace = folder / "t.jsonl";
  ASSERT_EQ(splitwan(generate(at, "--token " + token + " --tls " + tls + "/client --trace " + trace)).code,
            0);
  const Outcome report = splitwan("report --json " + trace + " -o " + folder / "r.md");
  ASSERT_EQ(report.code, 0) << report.err;
  const nlohmann::json step = report.json()["results"][0]["step"];
  EXPECT_GT(step["tls_s"], 0.0) << "what TLS costs is in the trace";
  EXPECT_LT(step["tls_s"], step["network_s"]);
  expect_line(splitwan(generate(at, "--tls " + tls + "/client")), "no token was shown");
  expect_line(splitwan(generate(at, "--tls " + tls + "/client --tls-name other --token " + token)),
              "expected 'other'");
  expect_line(splitwan(generate(at, "")), "speaks TLS only");
  fs::remove(tls + "/server/clients/client.pem");
  expect_line(splitwan(generate(at, "--tls " + tls + "/client --token " + token)),
              "no longer, among those let in");
  EXPECT_NE(server.said().find("no longer, among those in"), std::string::npos) << server.said();
  EXPECT_EQ(server.said().find("0123456789abcdef"), std::string::npos) << "a token is in no log";
}

TEST(TlsCommands, refuse_what_would_cross_a_network_in_clear) {
  const TemporaryFolder folder;
  const std::string generate = "generate --model " + demo_model + " --prompt a --server 192.0.2.1:7420 ";
  expect_refusal(generate, "not a loopback address");
  expect_refusal(generate + "--insecure --token " + folder / "token",
                 "a token would cross the network in clear");
  expect_refusal(generate + "--tls-name a.example", "expected --tls");
  const std::string serve = "serve --model " + demo_model + " --layers 2:10 --listen 0.0.0.0:0 ";
  expect_refusal(serve, "not a loopback address");
  const std::string alone = "generate --model " + demo_model + " --prompt a --link rtt=20ms ";
  for (const char* option : {"--tls here", "--tls-name here", "--token here", "--insecure"})
    expect_refusal(alone + option, "protects a live connection: expected --server beside it");
  for (const char* option : {"--tls here", "--token here", "--log-json"})
    EXPECT_NE(splitwan(std::string("serve --role comp:0 --scenario here ") + option).code, 0) << option;
  fs::create_directory(folder / "tls");
  expect_refusal(serve + "--tls " + folder / "tls", "anybody would be let in");
}

}  // namespace
}  // namespace splitwan::tests
