// What a trace amounts to, per network condition and drafter.
#pragma once

#include "model/observe/observation.hh"

namespace splitwan::analysis {

constexpr int summary_schema_version = 1;

// {schema_version, kind, compute, results: [{rtt_s, ..., drafter, runs, steps, tokens, tokens_per_s, ...}]}.
// Rates and `step` count decode steps only; `tokens`, bytes and round trips count prompts too. A figure that
// the runs do not have (no decode step, no guess) is null. `checks` where there were spot checks,
// `outages` where a connection was lost.
engine::Json decoding_summary(const model::Study&);

// The summary that the runs' scenario names: "decoding", which is the default, or another one,
// {schema_version, kind, cells: [..]}: "ablation" {drafter, category, temperature, rtt_s, tokens_per_step,
// tokens_per_step_ci90, ..}, "cascade" {alpha, hops, bytes, formula_bytes, critical {..}, ..}, "published"
// {model, mode, rate_bps, tokens_per_s, published_tokens_per_s, network_s, published_network_s, ..} and
// "link-validation" {rtt_s, rate_bps, loss, pattern, theory_s, ns3_s, kernel_s, lateness_s, ..}. Throws Error
// on an unknown name.
engine::Json summarise(const model::Study&);

bool is_summary(const engine::Json& name);

// Drafters by prompt class, "average" being the classes' mean. Prompts whose sequential text repeats a fifth
// of its 4-grams or more are left out, and counted. Throws Error when a prompt has no sequential run.
engine::Json ablation_summary(const model::Study&);
// A cell per run with sharded tokens: {alpha, cluster, form, merge, nodes, drafter, .., tokens_per_s, step_s,
// bytes among the nodes and client_bytes, each beside its closed form, hops, critical {client_s, comp_s,
// attn_s, merge_s, network_s, idle_s}, all per decode step; prompt {the same}; parties [{party, work_s,
// bytes_sent}]}. Throws Error where no run has sharded tokens.
engine::Json cascade_summary(const model::Study&);
engine::Json published_summary(const model::Study&);
engine::Json link_validation(const model::Study&);

// null where there is no denominator: unknown, not infinite.
engine::Json ratio(double a, double b);

}  // namespace splitwan::analysis
