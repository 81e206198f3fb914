// Sharded tokens from outside: a run, nodes that are processes of their own, and what is refused.
#include <netinet/in.h>
#include <sys/socket.h>

#include <deque>

#include "tests/fixtures/live_server.hh"
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

using nlohmann::json;

// Ports that nobody listens on now.
std::vector<int> free_ports(int count) {
  std::vector<int> sockets, ports;
  for (int i = 0; i < count; ++i) {
    sockets.push_back(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    bind(sockets.back(), reinterpret_cast<sockaddr*>(&here), size);
    getsockname(sockets.back(), reinterpret_cast<sockaddr*>(&here), &size);
    ports.push_back(ntohs(here.sin_port));
  }
  for (const int s : sockets) close(s);
  return ports;
}

class LiveNodes : public testing::Test {
 protected:
  void SetUp() override {
    json addresses;
    const std::vector<int> ports = free_ports(7);
    for (std::size_t i = 0; i < roles.size(); ++i)
      addresses[roles[i]] = "127.0.0.1:" + std::to_string(ports[i]);
    scenario = {{"model", demo_model},
                {"cascade", {{"alpha", 2}, {"merge", "aggregator"}}},
                {"network", {{"kind", "sockets"}, {"addresses", addresses}, {"timeout", "8s"}}},
                {"decode", {"ngram"}},
                {"max_new_tokens", 8},
                {"stop_at_eos", false},
                {"rehearse", false},
                {"prompts",
                 {{{"name", "p"}, {"class", "other"}, {"text", "one, two, three, one, two, three, one"}}}}};
    std::ofstream(file) << scenario.dump();
  }
  void start(const std::vector<std::string>& more = {}) {
    for (const std::string& role : roles) {
      std::vector<std::string> options = {"--role", role};
      options.insert(options.end(), more.begin(), more.end());
      nodes.emplace_back(options, std::vector<std::string>{"--scenario", file});
    }
    for (Server& node : nodes) node.announced();
  }

  const std::vector<std::string> roles = {"comp:0",   "comp:1",   "attn:0,0", "attn:0,1",
                                          "attn:1,0", "attn:1,1", "merge"};
  TemporaryFolder folder;
  std::string file = folder / "nodes.json";
  json scenario;
  std::deque<Server> nodes;
};

TEST_F(LiveNodes, find_each_other_and_write_what_local_decoding_writes_session_after_session) {
  start();
  EXPECT_EQ(expect_said(nodes[0].announced(), "serve"), 5u);
  EXPECT_EQ(nodes[2].announced()["layers"], (json{0, 0}));  // no weights
  const Outcome local =
      splitwan("generate --model " + demo_model +
               " --prompt 'one, two, three, one, two, three, one' --max-new-tokens 8 --ignore-eos --json");
  for (int session = 0; session < 2; ++session) {
    const std::string trace = folder / "trace.jsonl";
    const Outcome o = splitwan("run " + file + " --json -o " + trace);
    ASSERT_EQ(o.code, 0) << o.err;
    const std::string text = text_of(trace);
    const json end = json::parse(text.substr(text.rfind("{\"type\":\"end\"")));
    EXPECT_EQ(end["output_ids"], local.json()["output_ids"]);
  }
  for (Server& node : nodes) EXPECT_EQ(node.end(SIGTERM), 128 + SIGTERM);
}

TEST_F(LiveNodes, prove_who_they_are_by_certificates_from_one_folder) {
  const std::string tls = folder / "tls";
  const Outcome made = splitwan("serve --init-tls " + tls + " --scenario " + file + " --json");
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_EQ(made.json()["parties"].size(), 8u);
  scenario["network"]["tls"] = "tls";  // sought from the file's folder
  std::ofstream(file) << scenario.dump();
  start();
  const Outcome local =
      splitwan("generate --model " + demo_model +
               " --prompt 'one, two, three, one, two, three, one' --max-new-tokens 8 --ignore-eos --json");
  const std::string trace = folder / "trace.jsonl";
  const Outcome o = splitwan("run " + file + " --json -o " + trace);
  ASSERT_EQ(o.code, 0) << o.err << nodes[0].said();
  const std::string text = text_of(trace);
  EXPECT_EQ(json::parse(text.substr(text.rfind("{\"type\":\"end\"")))["output_ids"],
            local.json()["output_ids"]);

  // Removed at every node: let in at none, without any restart.
  namespace fs = std::filesystem;
  for (const char* node : {"comp-0", "comp-1", "attn-0-0", "attn-0-1", "attn-1-0", "attn-1-1", "merge"})
    fs::remove(tls + "/" + node + "/clients/client.pem");
  const Outcome refused = splitwan("run " + file + " --json");
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  EXPECT_NE(refused.err.find("no longer, among those let in"), std::string::npos) << refused.err;
  EXPECT_NE(nodes[0].said().find("comp:0: not let in: 127.0.0.1:"), std::string::npos) << nodes[0].said();
  EXPECT_NE(nodes[0].said().find("'client', is not, or no longer, among those in"), std::string::npos);
}

TEST_F(LiveNodes, of_which_one_is_killed_end_the_run_everywhere_with_a_line) {
  // One whose answer is waited for, and one that has no rows of this text: its shard begins at token 64.
  for (const auto& [killed, cluster] : {std::pair<std::size_t, int>{3, 1}, {1, 64}}) {
    scenario["max_new_tokens"] = 1000;
    scenario["decode"] = {"sequential"};
    scenario["cascade"]["cluster"] = cluster;
    std::ofstream(file) << scenario.dump();
    nodes.clear();
    start({"--once"});
    std::thread killer([&, killed = killed] {
      const auto begun = [](const Server& node) {
        return node.said().find("a session began") != std::string::npos;
      };
      while (!std::ranges::all_of(nodes, begun))
        std::this_thread::sleep_for(10ms);  // ctest ends what never begins
      std::this_thread::sleep_for(cluster == 1 ? 600ms : 200ms);
      nodes[killed].end(SIGKILL);
    });
    const std::string trace = folder / ("trace-" + roles[killed] + ".jsonl");
    const Outcome o = splitwan("run " + file + " --json -o " + trace);
    killer.join();
    EXPECT_EQ(o.code, 2);
    EXPECT_EQ(o.out, "");
    EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
    EXPECT_NE(o.err.find(roles[killed]), std::string::npos) << o.err;
    EXPECT_FALSE(std::filesystem::exists(trace));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i == killed) continue;
      EXPECT_EQ(nodes[i].wait(), 2) << roles[i] << nodes[i].said();
    }
  }
}

TEST_F(LiveNodes, are_refused_in_a_line_where_they_cannot_be) {
  expect_refusal("serve --role comp:2 --scenario " + file, "role 'comp:2': expected comp:0 to comp:1");
  expect_refusal("serve --role client --scenario " + file, "the client is `splitwan run");
  expect_refusal("serve --role comp:0", "--scenario");
  expect_refusal("serve --threads 2 --role comp:0 --scenario " + file, "--threads");
  scenario["network"]["addresses"].erase("merge");
  std::ofstream(file) << scenario.dump();
  expect_refusal("run " + file, "addresses: expected one of each of 7 nodes, found 6");
  scenario["network"]["addresses"]["merge"] = "0.0.0.0:7777";
  std::ofstream(file) << scenario.dump();
  expect_refusal("serve --role merge --scenario " + file, "not a loopback address");
  expect_refusal("serve --scenario " + file, "expected --role or --init-tls beside it");
  scenario["network"]["token"] = "token";
  std::ofstream(file) << scenario.dump();
  expect_refusal("serve --role merge --scenario " + file, "nodes know each other by their certificates");
  scenario["network"].erase("token");
  const json base = scenario;
  const auto refused = [&](const json& patch, const std::string& what) {
    json changed = base;
    changed["network"] = {{"kind", "ns3"}};
    changed.merge_patch(patch);
    std::ofstream(file) << changed.dump();
    expect_refusal("run " + file, what);
  };
  refused({{"wire", "int8"}}, "wire: expected f32 or f16, found int8");
  refused({{"wire", "f16"}}, "expected o_lse");
  refused({{"cascade", {{"alpha", nullptr}}}}, "cascade: key 'alpha' is missing");
  refused({{"cascade", {{"alpha", 1}}}}, "cascade: alpha: expected 2 to 16, found 1");
  refused({{"cascade", {{"form", "sum"}}}}, "form: expected meu or o_lse, found 'sum'");
  refused({{"noise", 0.1}}, "where tokens are sharded");
  refused({{"network", {{"kind", "local"}}}}, "nothing is sent on local");
  refused({{"network", {{"links", {{{"from", "comp:0"}, {"to", "comp:1"}, {"rtt", "9ms"}}}}}}},
          "comp:0 and comp:1 never speak with each other");
}

TEST(CascadeModel, of_runs_answers_for_other_numbers_of_shards_and_no_other_question) {
  const TemporaryFolder folder;
  const std::string file = folder / "s.json", trace = folder / "t.jsonl", model = folder / "m.json";
  std::ofstream(file) << json{{"model", demo_model},
                              {"cascade", {{"alpha", 2}, {"cluster", 3}}},
                              {"summary", "cascade"},
                              {"network", {{"kind", "ns3"}}},
                              {"sweep", {{"network.rtt", {"1ms", "20ms"}}}},
                              {"max_new_tokens", 4},
                              {"prompts", {{{"name", "p"}, {"class", "code"}, {"text", "def add(a, b):"}}}}}
                             .dump();
  const Outcome ran = splitwan("run " + file + " --json -o " + trace);
  ASSERT_EQ(ran.code, 0) << ran.err;
  expect_said(ran.json(), "run");
  for (const json& cell : ran.json()["cells"]) EXPECT_EQ(cell["bytes"], cell["formula_bytes"]);
  EXPECT_NE(text_of(trace).find("\"rehearsed\""), std::string::npos) << "drafters are tried on the text";
  const Outcome fitted = splitwan("fit " + trace + " --json -o " + model);
  ASSERT_EQ(fitted.code, 0) << fitted.err;
  expect_said(fitted.json(), "fit");
  const Outcome asked = splitwan("project " + model + " --rtt 80ms --shards 2,4 --clusters 1 --json");
  ASSERT_EQ(asked.code, 0) << asked.err;
  expect_said(asked.json(), "project");
  ASSERT_EQ(asked.json()["points"].size(), 2u);
  for (const json& point : asked.json()["points"])
    EXPECT_NEAR(point["step_s"].get<double>(), 13 * 0.08, 0.01);
  EXPECT_EQ(asked.json()["points"][1]["nodes"], 20);
  expect_refusal("project " + model + " --rtt 80ms --target 15tok/s", "--shards, --clusters, --drafter");
  expect_refusal("advise " + model + " --rtt 80ms", "a model of sharded tokens");
  expect_refusal("fit " + trace + " --test " + file, "--test");
}

TEST(CascadeStudy, says_of_every_cell_whether_text_and_bytes_are_as_they_should_be) {
  const TemporaryFolder folder;
  const std::string run = "run " SPLITWAN_SOURCE_DIR
                          "/scenarios/cascade.json --set run.max_new_tokens=4 --set alpha=[2,3] "
                          "--set 'networks=[{\"name\":\"here\",\"kind\":\"ideal\"}]' -o " +
                          folder / "c.json";
  const Outcome o = splitwan(run + " --json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_GE(expect_said(o.json(), "run"), 30u);
  ASSERT_EQ(o.json()["cells"].size(), 12u);
  for (const json& cell : o.json()["cells"]) {
    EXPECT_TRUE(cell["identical"]) << cell;
    EXPECT_LT(cell["max_logit_diff"], 1e-4) << cell;
    EXPECT_EQ(cell["bytes"], cell["formula_bytes"]) << cell;
    EXPECT_EQ(cell["client_bytes"], cell["client_formula_bytes"]) << cell;
    EXPECT_EQ(cell["hops"], 26) << cell;
  }
  const Outcome again = splitwan(run + " --json");  // from the file: nothing is run again
  EXPECT_EQ(again.json(), o.json());
}

TEST(SystemsStudy, sets_systems_beside_each_other) {
  const Outcome o =
      splitwan("run " SPLITWAN_SOURCE_DIR
               "/scenarios/compare-systems.json --json --set documents_used=2 --set document_tokens=12 "
               "--set run.max_new_tokens=4 --set threads=1 --set "
               "'links=[{\"name\":\"lan\",\"kind\":\"ideal\",\"rtt\":\"1ms\"}]' "
               "--set "
               "'systems=[{\"system\":\"here\",\"keys\":{\"network\":{\"kind\":\"local\",\"rtt\":null}}},{"
               "\"system\":\"split\"},"
               "{\"system\":\"sharded\",\"keys\":{\"cascade\":{\"alpha\":3}},\"decode\":[\"sequential\","
               "\"ngram\"]}]'");
  ASSERT_EQ(o.code, 0) << o.err;
  const json systems = o.json()["systems"];
  EXPECT_GE(expect_said(o.json(), "run"), 20u);
  ASSERT_EQ(systems.size(), 3u);
  for (const json& row : systems) EXPECT_TRUE(row["exact"]) << row;
  EXPECT_TRUE(systems[0]["attack"].is_null());
  EXPECT_EQ(systems[0]["bytes_per_token"], 0);
  EXPECT_EQ(systems[1]["attack"], "vocabulary_matching");
  EXPECT_GT(systems[1]["attack_success"], 0.9);  // every row is there to read
  EXPECT_EQ(systems[2]["parties"], 12);
  EXPECT_TRUE(systems[2]["epsilon"].is_null());
  EXPECT_GT(systems[1]["tokens_per_s"], systems[2]["tokens_per_s"]);
}

TEST(SystemsStudy, names_what_it_cannot_read) {
  const std::string run = "run " SPLITWAN_SOURCE_DIR "/scenarios/compare-systems.json --set ";
  expect_refusal(run + "study=all", "study: 'all': expected del or cascade or systems");
  expect_refusal(run + "'systems=[{\"system\":\"a\",\"key\":{}}]'", "systems[0]: unknown key 'key'");
  expect_refusal(run + "'links=[{\"rtt\":\"1ms\"}]'", "links: expected objects with a \"name\"");
  expect_refusal("run " SPLITWAN_SOURCE_DIR "/scenarios/cascade.json --set alpha=[40]",
                 "alpha: expected 2 to 16, found 40");
}

}  // namespace
}  // namespace splitwan::tests
