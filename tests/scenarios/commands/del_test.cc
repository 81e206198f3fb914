// DEL from outside: sessions over every network, who holds what, studies, and what is refused.
#include <set>

#include "tests/fixtures/live_server.hh"
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

using nlohmann::json;

const std::string maps = SPLITWAN_SOURCE_DIR "/scenarios/demo-del/width-32";
std::string asked(const std::string& more, const std::string& mechanism = "--mu 20 --bits 4",
                  const std::string& folder = maps) {
  return "generate --model " + demo_model + " --prompt 'the lighthouse keeper wrote' --maps " + folder + " " +
         mechanism + " --json " +
         (more.find("--max-new-tokens") == std::string::npos ? "--max-new-tokens 5 " : "") + more;
}

json answered(const std::string& more) {
  const Outcome o = splitwan(asked(more));
  EXPECT_EQ(o.code, 0) << more << o.err;
  return o.code == 0 ? o.json() : json();
}

// n rows of 16 bytes and a header each message.
std::uint64_t packed(std::size_t prompt, std::size_t generated) {
  return 64 + 16 * prompt + generated * (64 + 16);
}

TEST(Del, sends_as_many_bytes_on_every_network_as_its_packed_rows_have) {
  Server server({"--model", demo_model, "--layers", "0:10", "--maps", maps});
  std::set<std::string> networks;
  for (const std::string& where : {std::string("--split 0,2"), std::string("--link rtt=20ms,rate=100Mbit"),
                                   "--server " + address(server.announced())}) {
    const json j = answered(where);
    networks.insert(j["network"]);
    EXPECT_EQ(j["bytes_up"], packed(j["prompt_ids"].size(), 4)) << where;
    EXPECT_EQ(j["privacy"]["rows"], j["prompt_ids"].size() + 4) << where;
    EXPECT_EQ(j["privacy"]["random_bits"], j["network"] == "sockets" ? "operating system" : "seed");
  }
  EXPECT_EQ(networks, (std::set<std::string>{"ideal", "ns3", "sockets"}));
}

TEST(Del, as_published_sends_the_prompt_alone_and_gets_text_on_every_network) {
  Server server({"--model", demo_model, "--whole", "--maps", maps});
  const json said = server.announced();
  EXPECT_EQ(said["layers"], (json{0, 12}));
  std::set<std::string> networks;
  for (const std::string& where :
       {std::string(), std::string("--link rtt=20ms,rate=100Mbit"), "--server " + address(said)}) {
    const json j = answered("--trust 'as published' --cap 1 --soft-prompt clean " + where);
    networks.insert(j["network"]);
    EXPECT_EQ(j["bytes_up"], packed(j["prompt_ids"].size(), 0)) << where;
    EXPECT_EQ(j["output_ids"].size(), 5u);
    EXPECT_EQ(j["privacy"]["rows"], j["prompt_ids"].size());
    EXPECT_EQ(j["privacy"]["text"], "the server wrote it");
    EXPECT_GE(expect_said(j, "generate"), 20u);
  }
  EXPECT_EQ(networks, (std::set<std::string>{"ideal", "ns3", "sockets"}));
}

TEST(Del, ends_before_anything_is_sent_when_the_budget_is_spent) {
  const TemporaryFolder folder;
  const std::string budget = folder / "budget.json";
  ASSERT_EQ(splitwan("privacy --mu 20 --bits 4 --width 32 --epsilon 3000 -o " + budget).code, 0);
  const auto left = splitwan("privacy --json --budget " + budget).json()["rows_left"].get<int>();
  const json first = answered("--budget " + budget + " --max-new-tokens 1");
  const auto rows = static_cast<int>(first["prompt_ids"].size());
  EXPECT_EQ(splitwan("privacy --json --budget " + budget).json()["rows"], rows);
  ASSERT_LT(left, 100 * rows);
  Outcome last;
  for (int i = 0; i < 100 && last.code == 0; ++i)
    last = splitwan(asked("--max-new-tokens 1 --budget " + budget));
  EXPECT_EQ(last.code, 2);
  EXPECT_EQ(last.out, "");
  EXPECT_NE(last.err.find(budget), std::string::npos) << last.err;
  EXPECT_EQ(splitwan("privacy --json --budget " + budget).json()["rows"].get<int>(), left / rows * rows);
}

TEST(Del, is_refused_in_one_line_that_names_what_is_wrong) {
  const TemporaryFolder folder;
  expect_refusal(asked("", "--mu 0"), "privacy: mu");
  expect_refusal(asked("", "--bits 17"), "privacy: bits");
  expect_refusal(asked("--soft-prompt clean", "--mu 21"), "prompt-mu21-bits4-clean.safetensors");
  expect_refusal(asked("--soft-prompt loud"), "expected none, clean, noisy or noiseless");
  expect_refusal(asked("--split 2,2"), "maps for rows after 0 layers: the client's end after 2");
  expect_refusal(asked("--trust theirs"), "ours");
  expect_refusal(asked("--trust 'as published' --decode ngram"), "the server generates");
  expect_refusal(asked("--generated exposed --decode ngram"), "guesses are made of the prompt");
  expect_refusal(asked("", "", "/none"), "/none/training.json");
  expect_refusal("generate --model " + demo_model + " --prompt a --mu 3", "maps");
  std::ofstream(folder / "b.json") << "{\"schema";
  expect_refusal(asked("--budget " + (folder / "b.json")), "b.json");
  ASSERT_EQ(splitwan("privacy --mu 1 --bits 4 --width 32 --epsilon 50 -o " + (folder / "other.json")).code,
            0);
  expect_refusal(asked("--budget " + (folder / "other.json")), "other.json");
  expect_refusal("serve --model " + demo_model + " --whole", "--maps");
}

TEST(Del, is_fitted_and_projected_with_its_bytes_up_and_the_wire_s_down) {
  const TemporaryFolder folder;
  std::ofstream(folder / "s.json") << json{
      {"model", demo_model},
      {"split", {{"head", 0}, {"tail", 2}}},
      {"privacy", {{"maps", maps}, {"mu", 20}, {"soft_prompt", "clean"}}},
      {"network", {{"kind", "ideal"}}},
      {"decode", {"sequential", "ngram"}},
      {"prompts", {{{"name", "p"}, {"class", "code"}, {"text", "def add(a, b):"}}}},
      {"max_new_tokens", 12},
      {"rehearse", false},
      {"sweep",
       {{"cells",
         {{{"network.rtt", "20ms"}},
          {{"network.rtt", "80ms"}},
          {{"network.rtt", "200ms"}},
          {{"network.rtt", "80ms"}, {"network.rate", "2Mbit"}}}}}}};
  ASSERT_EQ(splitwan("run " + (folder / "s.json") + " -o " + (folder / "t.jsonl")).code, 0);
  const Outcome fit = splitwan("fit " + (folder / "t.jsonl") + " --json -o " + (folder / "m.json"));
  ASSERT_EQ(fit.code, 0) << fit.err;
  EXPECT_EQ(fit.json()["fitted_on"]["privacy"]["mechanism"]["mu"], 20);
  const std::string project = "project " + (folder / "m.json") + " --rtt 80ms --bandwidth 100kbit --json";
  const auto rate = [](const Outcome& o) { return o.json()["points"][0]["tokens_per_s"].get<double>(); };
  const Outcome plain = splitwan(project), smaller = splitwan(project + " --wire int8");
  ASSERT_EQ(plain.code, 0) << plain.err;
  ASSERT_EQ(smaller.code, 0) << smaller.err;
  EXPECT_GT(rate(smaller), 1.1 * rate(plain));  // 384 bytes less of what comes back at 100 kbit/s
  expect_refusal(project + " --geometry llama-70b", "binomial mechanism");
  std::ofstream(folder / "p.json") << json{
      {"model", demo_model},
      {"privacy", {{"maps", maps}, {"mu", 20}, {"trust", "as published"}}},
      {"network", {{"kind", "ideal"}}},
      {"prompts", {{{"name", "p"}, {"class", "code"}, {"text", "def add(a, b):"}}}},
      {"max_new_tokens", 12}};
  ASSERT_EQ(splitwan("run " + (folder / "p.json") + " -o " + (folder / "p.jsonl")).code, 0);
  expect_refusal("fit " + (folder / "p.jsonl") + " -o " + (folder / "n.json"),
                 "the server generates by itself");
}

json small_study() {
  const std::string scenarios = SPLITWAN_SOURCE_DIR "/scenarios/";
  return {{"study", "del"},
          {"model", demo_model},
          {"maps", {maps}},
          {"mu", {20}},
          {"bits", {4}},
          {"documents", scenarios + "attack-documents.json"},
          {"documents_used", 3},
          {"document_tokens", 12},
          {"beam", 2},
          {"baselines", {"none", "gaussian", "rantext", "int4"}},
          {"corpora", {"/none.txt"}},
          {"held_out", 3},
          {"continuations", 2},
          {"continuation_tokens", 4},
          {"links", {"rtt=20ms,rate=100Mbit"}},
          {"prompt_tokens", 40}};
}

TEST(DelStudy, prints_its_cells_keeps_them_and_is_drawn) {
  const TemporaryFolder folder;
  std::ofstream(folder / "s.json") << small_study();
  const std::string run = "run " + (folder / "s.json") + " --json -o " + (folder / "r.json");
  const Outcome o = splitwan(run);
  ASSERT_EQ(o.code, 0) << o.err;
  const json j = o.json();
  EXPECT_GE(expect_said(j, "run"), 40u);
  ASSERT_EQ(j["cells"].size(), 1u);
  EXPECT_EQ(j["baselines"].size(), 4u);
  EXPECT_EQ(j["absent"], (json{"/none.txt"}));
  const json& cell = j["cells"][0];
  for (const char* key :
       {"mu", "bits", "width", "mode", "epsilon", "delta", "perplexity", "perplexity_ci90", "agreement",
        "bits_per_token", "attack", "attack_success", "soft_prompt", "time_to_first_token_s"})
    EXPECT_TRUE(cell.contains(key)) << key;
  EXPECT_EQ(cell["bits_per_token"], 128);
  EXPECT_EQ(splitwan(run).json(), j);  // nothing is done again
  const Outcome page = splitwan("report --study " + (folder / "r.json") + " -o " + (folder / "r.html"));
  EXPECT_EQ(page.code, 0) << page.err;
  EXPECT_NE(text_of(folder / "r.html").find("\"heading\":\"DEL: utility, leak and bytes\""),
            std::string::npos);
  EXPECT_NE(page.out.find("| rantext |"), std::string::npos) << page.out;
}

TEST(DelStudy, is_refused_in_one_line_that_names_the_key) {
  const TemporaryFolder folder;
  std::ofstream(folder / "s.json") << small_study();
  const std::string run = "run " + (folder / "s.json") + " --set ";
  expect_refusal(run + "study=other", "study");
  expect_refusal(run + "mu=[]", "mu");
  expect_refusal(run + "mu=[-1]", "mu");
  expect_refusal(run + "bits=[0]", "bits");
  expect_refusal(run + "baselines='[\"magic\"]'", "magic");
  expect_refusal(run + "tail=2", "tail");
  expect_refusal(run + "maps='[\"/none\"]'", "/none");
  expect_refusal(run + "targets=[2]", "targets");
  expect_refusal(run + "colour=red", "colour");
  expect_refusal("report --study " + (folder / "s.json"), "schema_version");
}

}  // namespace
}  // namespace splitwan::tests
