// A client and a server in namespaces of their own, a wide-area link between them, each proving who it is.
// Needs root.
#include "netsim/kernel/net_namespace.hh"
#include "tests/fixtures/command.hh"

namespace splitwan::tests {
namespace {

TEST(LiveApart, by_80_ms_under_mutual_tls_500_tokens_are_those_of_one_machine) {
  if (const std::string why = netsim::why_no_link(); !why.empty()) GTEST_SKIP() << why;
  const TemporaryFolder folder;
  const std::string tls = folder / "tls", out = folder / "out.json", err = folder / "err";
  ASSERT_EQ(splitwan("serve --init-tls " + tls + " --name gpu.example.org").code, 0);
  const std::string asked =
      "generate --model " + demo_model +
      " --prompt 'def add(a, b):' --max-new-tokens 500 --ignore-eos --decode ngram --json ";
  const Outcome apart =
      splitwan("link --link rtt=80ms,rate=100Mbit --lateness-limit 1s --server '" + splitwan_program +
               " serve --model " + demo_model + " --layers 2:10 --listen {server}:7420 --tls " + tls +
               "/server' --client \"" + splitwan_program + " " + asked +
               " --server {server}:7420 --tls-name gpu.example.org --tls " + tls + "/client > " + out +
               " 2> " + err + "\"");
  ASSERT_EQ(apart.code, 0) << apart.err << text_of(err);
  const auto far = nlohmann::json::parse(text_of(out));
  EXPECT_EQ(far["output_ids"].size(), 500u);
  EXPECT_EQ(far["output_ids"], splitwan(asked).json()["output_ids"]);
  EXPECT_EQ(far["protection"], "TLS 1.3, peer server");
  EXPECT_GT(far["total_s"], 0.08 * far["steps"].get<double>());
}

}  // namespace
}  // namespace splitwan::tests
