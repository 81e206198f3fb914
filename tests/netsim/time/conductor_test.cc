// Virtual time to the nanosecond: ideal links, and jobs that cost a millisecond a row.
#include "netsim/time/conductor.hh"

#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "netsim/link/ideal_simulator.hh"
#include "netsim/link/network_spec.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using engine::any_party;
using engine::Clock;
using engine::Error;
using engine::Message;
using engine::no_deadline;
using engine::Phase;
using engine::Transport;
using engine::Work;
using namespace std::chrono_literals;
using testing::ElementsAre;
using tests::error_of;

Nanos millisecond_a_row(PartyId, const Work& work, Nanos) { return work.rows * 1ms; }

Conductor conductor_over(const NetworkSpec& spec, CostSource cost = millisecond_a_row) {
  return {make_ideal_simulator(spec), spec.edges, std::move(cost)};
}

void work(Clock& clock, std::uint32_t rows, Phase phase = Phase::head) {
  clock.work({.phase = phase, .rows = rows}, [] {});
}

Message sized(std::size_t wire_size) { return {{}, engine::Bytes(wire_size - engine::prefix_size)}; }

Message stepped(std::uint64_t step) {
  Message m;
  m.header.step = step;
  return m;
}

const NetworkSpec wan = two_party_network(80ms, 100e6, 200e6);
const NetworkSpec endless = two_party_network(80ms, 0, 0);

TEST(Conductor, a_request_takes_work_transmission_and_delay) {
  Nanos arrived{}, replied{}, end{};
  conductor_over(wan).run({{0,
                            [&](Transport& t, Clock& clock) {
                              work(clock, 5);
                              t.send(1, sized(1000));
                              replied = t.recv(1, no_deadline)->at;
                              work(clock, 2);
                              end = clock.now();
                            }},
                           {1, [&](Transport& t, Clock& clock) {
                              arrived = t.recv(0, no_deadline)->at;
                              work(clock, 7);
                              t.send(0, sized(5000));
                            }}});
  EXPECT_EQ(arrived, 5ms + 80us + 40ms);             // 8000 bits at 100 Mbit/s
  EXPECT_EQ(replied, arrived + 7ms + 200us + 40ms);  // 40000 bits at 200 Mbit/s
  EXPECT_EQ(end, replied + 2ms);
}

TEST(Conductor, jobs_of_different_parties_overlap) {
  std::map<PartyId, Nanos> done;
  const auto party = [&](PartyId id, std::uint32_t rows) {
    return [&done, id, rows](Transport&, Clock& clock) {
      work(clock, rows);
      work(clock, rows);
      done[id] = clock.now();
    };
  };
  conductor_over(mesh_network(3, {})).run({{0, party(0, 30)}, {1, party(1, 50)}, {2, party(2, 10)}});
  EXPECT_THAT(
      done, ElementsAre(std::pair(0u, Nanos(60ms)), std::pair(1u, Nanos(100ms)), std::pair(2u, Nanos(20ms))));
}

TEST(Conductor, a_delivery_to_a_working_party_waits_with_its_own_stamp) {
  conductor_over(endless).run(
      {{0, [](Transport& t, Clock&) { t.send(1, {}); }}, {1, [](Transport& t, Clock& clock) {
                                                            work(clock, 100);
                                                            EXPECT_EQ(clock.now(), 100ms);
                                                            EXPECT_EQ(t.recv(0, no_deadline)->at, 40ms);
                                                            EXPECT_EQ(clock.now(), 100ms);
                                                          }}});
}

TEST(Conductor, a_deadline_is_met_to_the_nanosecond_and_a_delivery_at_it_counts) {
  conductor_over(endless).run(
      {{0, [](Transport& t, Clock&) { t.send(1, {}); }}, {1, [](Transport& t, Clock& clock) {
                                                            EXPECT_FALSE(t.recv(0, 39'999'999ns));
                                                            EXPECT_EQ(clock.now(), 39'999'999ns);
                                                            EXPECT_EQ(t.recv(0, 40ms).value().at, 40ms);
                                                          }}});
}

TEST(Conductor, a_stall_names_who_waits_for_whom) {
  Conductor conductor = conductor_over(mesh_network(3, {.delay = 1ms}));
  const auto waits_for = [](PartyId whom) {
    return [whom](Transport& t, Clock& clock) {
      work(clock, 4);
      t.recv(whom, no_deadline);
    };
  };
  EXPECT_EQ(error_of([&] {
              conductor.run({{0, waits_for(1)}, {1, waits_for(any_party)}, {2, waits_for(0)}});
            }),
            "stall at 4000000 ns: nothing is in flight, party 0 waits for party 1, party 1 waits for anyone, "
            "party 2 waits for party 0");
}

TEST(Conductor, what_a_job_throws_is_thrown_where_it_was_asked_for) {
  std::string caught;
  conductor_over(endless).run({{0, [&](Transport&, Clock& clock) {
                                  caught =
                                      error_of([&] { clock.work({}, [] { throw Error("no memory"); }); });
                                  work(clock, 3);
                                  EXPECT_EQ(clock.now(), 3ms);
                                }}});
  EXPECT_EQ(caught, "no memory");
  EXPECT_THROW(conductor_over(endless).run(
                   {{0, [](Transport&, Clock& clock) { clock.work({}, [] { throw std::bad_alloc(); }); }}}),
               std::bad_alloc);
}

TEST(Conductor, refuses_a_negative_cost_and_a_missing_link) {
  const auto backwards = [](PartyId, const Work&, Nanos) { return Nanos(-1); };
  EXPECT_EQ(error_of([&] {
              conductor_over(endless, backwards).run({{0, [](Transport&, Clock& clock) { work(clock, 1); }}});
            }),
            "party 0: a job cost -1 ns");
  EXPECT_EQ(error_of([&] {
              conductor_over(endless).run({{0, [](Transport& t, Clock&) { t.send(7, {}); }}});
            }),
            "party 0 has no link to party 7");
}

TEST(Conductor, thirty_parties_answer_when_their_work_is_done) {
  std::vector<std::pair<PartyId, Nanos>> answers;
  std::map<PartyId, engine::PartyMain> parties;
  parties[0] = [&](Transport& t, Clock&) {
    for (PartyId id = 29; id > 0; --id) t.send(id, {});
    for (int i = 0; i < 29; ++i) {
      const auto answer = t.recv(any_party, no_deadline);
      answers.emplace_back(answer->from, answer->at);
    }
  };
  for (PartyId id = 1; id < 30; ++id) {
    parties[id] = [id](Transport& t, Clock& clock) {
      t.recv(0, no_deadline);
      work(clock, id);
      t.send(0, {});
    };
  }
  conductor_over(mesh_network(30, {.delay = 10ms})).run(parties);
  ASSERT_EQ(answers.size(), 29u);
  for (PartyId id = 1; id < 30; ++id) EXPECT_EQ(answers[id - 1], std::pair(id, Nanos(20ms + id * 1ms)));
}

TEST(Conductor, the_same_run_has_the_same_times_however_long_it_takes) {
  const auto times = [](unsigned jitter) {
    std::mt19937 random(jitter);
    std::vector<Nanos> seen;
    std::map<PartyId, engine::PartyMain> parties;
    for (PartyId id = 0; id < 3; ++id) {
      parties[id] = [&, id](Transport& t, Clock& clock) {
        for (std::uint32_t i = 0; i < 10; ++i) {
          clock.work({.rows = (7 * i + 3 * id) % 5},
                     [&] { std::this_thread::sleep_for(std::chrono::microseconds(random() % 500)); });
          t.send((id + 1) % 3, sized(1000 + 100 * i));
          if (const auto got = t.recv(any_party, clock.now() + 3ms)) seen.push_back(got->at);
          seen.push_back(clock.now());
        }
      };
    }
    conductor_over(mesh_network(3, {.delay = 2ms, .bits_per_second = 10e6})).run(parties);
    return seen;
  };
  const auto first = times(1);
  EXPECT_GT(first.size(), 40u);
  EXPECT_EQ(times(2), first);
}

// What three parties see who work, send and wait as a seed has it; some jobs cost nothing, some deadlines
// meet.
std::vector<std::tuple<PartyId, Nanos, int>> course_of_things(unsigned seed, Jobs jobs) {
  std::vector<std::tuple<PartyId, Nanos, int>> seen;
  std::map<PartyId, engine::PartyMain> parties;
  for (PartyId id = 0; id < 3; ++id) {
    parties[id] = [&seen, seed, id](Transport& t, Clock& clock) {
      std::mt19937 random(3 * seed + id);
      for (int i = 0; i < 20; ++i) {
        work(clock, random() % 4);
        seen.emplace_back(id, clock.now(), 0);
        if (random() % 3 == 0) t.send((id + 1 + random() % 2) % 3, sized(100 + random() % 2000));
        if (random() % 3 > 0) continue;
        const auto got = t.recv(any_party, clock.now() + (random() % 4) * 1ms);
        seen.emplace_back(id, clock.now(), got ? static_cast<int>(got->from) : -1);
        if (got) seen.emplace_back(id, got->at, 1);
      }
    };
  }
  const NetworkSpec spec = mesh_network(3, {.delay = 2ms, .bits_per_second = 10e6});
  Conductor(make_ideal_simulator(spec), spec.edges, millisecond_a_row, engine::wire_size, jobs).run(parties);
  return seen;
}

TEST(Conductor, jobs_that_compute_nothing_take_the_same_course) {
  std::size_t met = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto computed = course_of_things(seed, Jobs::compute);
    ASSERT_EQ(course_of_things(seed, Jobs::nothing), computed) << seed;
    met += computed.size();
  }
  EXPECT_GT(met, 200u * 60);
}

TEST(Conductor, time_goes_on_over_runs_but_messages_do_not) {
  Conductor conductor = conductor_over(endless);
  conductor.run({{0, [](Transport& t, Clock&) { t.send(1, stepped(1)); }},
                 {1, [](Transport&, Clock& clock) { work(clock, 5); }}});
  conductor.run({{0,
                  [](Transport& t, Clock& clock) {
                    EXPECT_EQ(clock.now(), 5ms);
                    t.send(1, stepped(2));
                  }},
                 {1, [](Transport& t, Clock&) {
                    const auto got = t.recv(0, no_deadline);
                    EXPECT_EQ(got->message.header.step, 2u);
                    EXPECT_EQ(got->at, 45ms);
                  }}});
}

TEST(Conductor, unwinds_every_party_after_an_error) {
  Conductor conductor = conductor_over(mesh_network(30, {.delay = 1ms}));
  const auto held = std::make_shared<int>();
  std::map<PartyId, engine::PartyMain> parties;
  for (PartyId id = 0; id < 30; ++id) {
    parties[id] = [&held, id](Transport& t, Clock& clock) {
      const auto mine = held;  // NOLINT(performance-unnecessary-copy-initialization): its end is seen
      if (id % 2) work(clock, 50 + id);
      if (id == 9) throw Error("party 9 fails");
      t.recv(any_party, no_deadline);
    };
  }
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(error_of([&] { conductor.run(parties); }), "party 9 fails");
    EXPECT_EQ(held.use_count(), 1);
  }
  EXPECT_EQ(error_of([&] { conductor_over(mesh_network(30, {.delay = 1ms})).run(parties); }),
            "party 9 fails");
}

}  // namespace
}  // namespace splitwan::netsim
