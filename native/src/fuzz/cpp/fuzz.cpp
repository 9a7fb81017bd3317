// Calls every function of the C interface with random arguments, many of them wrong, and checks that
// it refuses or answers: otfuse_fuzz [seconds [seed [isa]]]. A round's arguments come from its seed
// alone, which is printed where it fails; `otfuse_fuzz 0 SEED` makes that round again. Made to run
// under sanitizers.
#include <csignal>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>

#include "check.h"
#include "draw.h"
#include "program.h"

using check::Guarded;
using check::Output;
using fuzz::Claim;
using fuzz::Draw;

namespace {

using Floats = std::vector<float>;

constexpr unsigned kSecondsOfRound = 60;
uint32_t seed_of_round = 0;
int answered = 0;
int refused = 0;

void say_seed() { std::fprintf(stderr, "failed in the round of seed %u\n", seed_of_round); }

void die(int) {
  say_seed();
  _exit(1);
}

// Counts an answer; what the engine rules out must not happen.
bool good(int32_t status) {
  check::report(status >= OTF_OK && status <= OTF_OUT_OF_RANGE && status != OTF_INTERNAL &&
                    status != OTF_UNAVAILABLE,
                "status", status, otf_last_error());
  check::report(status == OTF_OK || otf_last_error()[0] != 0, "status", status, "has no sentence");
  (status == OTF_OK ? answered : refused)++;
  return status == OTF_OK;
}

bool all_finite(const Floats& values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

void cost(Draw& draw, otf_engine* engine) {
  int32_t n = draw.size(), m = draw.size(), d = draw.size();
  Claim claim;
  Floats x = draw.floats(claim({n, d}));
  Floats y = draw.floats(claim({m, d}));
  Output out(claim({n, m}));
  int32_t metric = draw.hostile() ? draw.pick({-1, 3}) : draw.below(3);
  otf_cost_task task{draw.pointer(x.data()), draw.pointer(y.data()), draw.pointer(out.data()),
                     n, m, d, metric};
  int32_t count = draw.hostile() ? -1 : 1;
  if (claim.too_large() || !good(otf_cost(draw.pointer(engine), &task, count))) return;
  if (task.cost == nullptr || !all_finite(x) || !all_finite(y)) return;
  for (float value : out) CHECK(value >= 0);
}

void sinkhorn(Draw& draw, otf_engine* engine) {
  int32_t n = draw.size(1), m = draw.size(1);
  Claim claim;
  Floats costs = draw.floats(claim({n, m}));
  Floats a = draw.masses(claim({n}));
  Floats b = draw.masses(claim({m}));
  Output plan(claim({n, m})), f(claim({n})), g(claim({m}));
  bool warm = draw.chance(3);
  if (warm) {
    Floats start = draw.floats(static_cast<int64_t>(f.size() + g.size()));
    std::copy_n(start.begin(), f.size(), f.begin());
    std::copy_n(start.begin() + static_cast<ptrdiff_t>(f.size()), g.size(), g.begin());
  }
  otf_sinkhorn_task task{draw.pointer(costs.data()), draw.pointer(a.data()), draw.pointer(b.data()),
                         draw.pointer(plan.data()), draw.pointer(f.data()), draw.pointer(g.data()), n, m,
                         draw.setting({0.5, 0.05, 0.001, 1e-9}), draw.setting({0, 1e-4}),
                         draw.setting({INFINITY, 1, 0.01}), draw.setting({0, 0.5}), draw.size(1), warm};
  task.max_iterations = std::min(task.max_iterations, 200);
  Guarded<otf_report> reports(1);
  if (claim.too_large() ||
      !good(otf_sinkhorn(engine, &task, draw.pointer(reports.data()), 1))) {
    return;
  }
  for (float value : plan) CHECK(std::isfinite(value));
  CHECK(std::isfinite(reports[0].cost) && std::isfinite(reports[0].gap));
}

void assign(Draw& draw, otf_engine* engine) {
  int32_t n = draw.size();
  Claim claim;
  Floats costs = draw.floats(claim({n, n}));
  Floats g = draw.floats(claim({n}));
  Guarded<int32_t> source(claim({n}));
  Guarded<otf_report> reports(1);
  otf_assign_task task{draw.pointer(costs.data()), draw.chance(2) ? nullptr : g.data(),
                       draw.pointer(source.data()), n};
  if (claim.too_large() || !good(otf_assign(engine, &task, draw.pointer(reports.data()), 1))) return;
  std::vector<int> seen(static_cast<size_t>(n));
  for (int32_t i : source) CHECK(i >= 0 && i < n && seen[static_cast<size_t>(i)]++ == 0);
}

void transport(Draw& draw, otf_engine* engine) {
  int32_t n = draw.size(1), m = draw.size(1);
  Claim claim;
  Floats costs = draw.floats(claim({n, m}));
  Floats a = draw.masses(claim({n}));
  Floats b = draw.masses(claim({m}));
  Floats g = draw.floats(claim({m}));
  Output plan(claim({n, m}));
  Guarded<otf_report> reports(1);
  otf_transport_task task{draw.pointer(costs.data()), draw.pointer(a.data()), draw.pointer(b.data()),
                          draw.chance(2) ? nullptr : g.data(), draw.pointer(plan.data()), n, m};
  if (claim.too_large() || !good(otf_transport(engine, &task, draw.pointer(reports.data()), 1))) return;
  for (float value : plan) CHECK(value >= 0 && value <= 1.001f);
}

void maps(Draw& draw, otf_engine* engine) {
  int32_t n = draw.size(), m = draw.size();
  Claim claim;
  Floats plan = draw.floats(claim({n, m}));
  Output p(claim({n, m})), q(claim({n, m}));
  otf_map_task task{draw.pointer(plan.data()), draw.pointer(p.data()), draw.pointer(q.data()), n, m};
  if (!claim.too_large()) good(otf_maps(engine, &task, 1));
}

// The axes of one tensor, with as much memory as they claim.
struct Axes {
  Axes(Draw& draw, int rank, Claim& claim) {
    for (int a = 0; a < rank; a++) {
      segments.emplace_back();
      int64_t before = 0, after = 0;
      for (int s = 0; s < 1 + draw.below(2); s++) {
        otf_segment g{draw.below(3), draw.size(1), draw.size(1), 1 + draw.below(3), nullptr, nullptr};
        g.n = std::min(g.n, draw.chance(40) ? g.n : 12);
        g.m = g.kind == OTF_IDENTITY && !draw.hostile() ? g.n : std::min(g.m, 12);
        if (draw.hostile()) g.kind = draw.pick({-1, 3});
        if (draw.hostile()) g.block = draw.size();
        sources.emplace_back();
        for (int64_t j = claim({g.m}); j > 0; j--) sources.back().push_back(draw.index(g.n));
        matrices.push_back(draw.floats(claim({g.n, g.m})));
        if (g.kind == OTF_HARD) g.source = draw.pointer(sources.back().data());
        if (g.kind == OTF_SOFT) g.matrix = draw.pointer(matrices.back().data());
        segments.back().push_back(g);
        before += std::clamp<int64_t>(int64_t{g.n} * g.block, -1, kFar);
        after += std::clamp<int64_t>(int64_t{g.m} * g.block, -1, kFar);
      }
      source.push_back(before);
      target.push_back(after);
      int32_t count = static_cast<int32_t>(segments.back().size());
      if (draw.hostile()) count = draw.pick({0, -1});
      axes.push_back({draw.pointer(segments.back().data()), count});
    }
  }

  // More indices than an axis may have.
  static constexpr int64_t kFar = int64_t{1} << 40;

  // How many values these sizes claim; 1 for what has to be refused.
  static int64_t product(const std::vector<int64_t>& sizes, int skipped, Claim& claim) {
    int64_t total = 1;
    for (size_t a = 0; a < sizes.size(); a++) {
      if (static_cast<int>(a) != skipped) total = claim({total, sizes[a]});
    }
    return total;
  }

  std::deque<std::vector<otf_segment>> segments;
  std::deque<std::vector<int32_t>> sources;
  std::deque<Floats> matrices;
  std::vector<otf_axis> axes;
  std::vector<int64_t> source, target;
};

void average(Draw& draw, otf_engine* engine) {
  Claim claim;
  Axes axes(draw, draw.below(4), claim);
  int64_t length = Axes::product(axes.target, -1, claim);
  Floats values = draw.floats(Axes::product(axes.source, -1, claim));
  Output target(length);
  int32_t rank = draw.hostile() ? -1 : static_cast<int32_t>(axes.axes.size());
  std::vector<otf_source> sources(static_cast<size_t>(1 + draw.below(3)),
                                  {values.data(), axes.axes.data(), rank, 0.5f});
  sources.back().values = draw.pointer(values.data());
  sources.back().weight = draw.chance(4) ? draw.strange() : 0.25f;
  otf_average_task task{draw.pointer(target.data()), draw.pointer(sources.data()),
                        draw.hostile() ? draw.pick({0, -1}) : static_cast<int32_t>(sources.size()),
                        draw.hostile() ? draw.pick<int64_t>({-1, length + 1, INT64_MAX}) : length};
  if (!claim.too_large()) good(otf_average(engine, &task, 1));
}

void features(Draw& draw, otf_engine* engine) {
  Claim claim;
  Axes axes(draw, 1 + draw.below(3), claim);
  int32_t rank = static_cast<int32_t>(axes.axes.size());
  int32_t output = draw.index(rank);
  Floats values = draw.floats(Axes::product(axes.source, -1, claim));
  int64_t all = output >= 0 && output < rank ? axes.source[static_cast<size_t>(output)] : 1;
  int32_t first = draw.index(static_cast<int32_t>(std::clamp<int64_t>(all, 1, 1000)));
  int32_t rest = static_cast<int32_t>(std::clamp<int64_t>(all - first, 0, 1000));
  int32_t rows = draw.hostile() ? draw.size() : rest;
  int32_t columns = static_cast<int32_t>(Axes::product(axes.target, output, claim));
  int32_t column = draw.index(3);
  int32_t width = draw.hostile() ? draw.size() : columns + std::clamp(column, 0, 3) + draw.below(3);
  Output target(claim({rows, width}));
  Floats scale = draw.floats(claim({rows}));
  otf_feature_task task{draw.pointer(values.data()), draw.pointer(axes.axes.data()),
                        draw.chance(2) ? nullptr : scale.data(), draw.pointer(target.data()),
                        draw.hostile() ? -1 : rank, output, first, rows, width, column};
  if (!claim.too_large()) good(otf_features(engine, &task, 1));
}

void fusion(Draw& draw, otf_engine* engine) {
  fuzz::Program program(draw);
  program.spoil(draw);
  otf_fusion* fusion = nullptr;
  if (!good(otf_fusion_create(engine, draw.pointer(&program.program), &fusion))) {
    CHECK(fusion == nullptr);
    return;
  }
  int64_t length = program.program.length;
  Output out(length);
  std::vector<Floats> models;
  for (int k = 0; k < program.program.models; k++) {
    models.push_back(draw.floats(length));
    if (!draw.hostile()) good(otf_fusion_set_model(fusion, k, draw.pointer(models.back().data())));
  }
  good(otf_fusion_set_model(fusion, draw.index(program.program.models), models[0].data()));
  for (int run = 0; run < 2; run++) {
    bool ran = good(otf_fusion_run(fusion, draw.pointer(out.data())));
    for (float value : out) CHECK(!ran || std::isfinite(value));
  }
  otf_fusion_destroy(fusion);
}

void memory(Draw& draw, otf_engine*) {
  float* values = nullptr;
  int64_t length = draw.pick<int64_t>(
      {-1, 0, 1, 1000, int64_t{1} << 50, int64_t{1} << 62, INT64_MAX, INT64_MIN});
  if (good(otf_allocate(length, draw.pointer(&values))) && length > 0) values[length - 1] = 1;
  otf_free(values);
}

void engine(Draw& draw, otf_engine*) {
  otf_engine* other = nullptr;
  int32_t threads = draw.pick({-1, 0, 1, 3, 5000});
  const char* isa = draw.hostile() ? "mmx" : check::isa;
  int32_t status = otf_engine_create(threads, isa, draw.pointer(&other));
  if (status != OTF_UNAVAILABLE) good(status);
  CHECK(otf_engine_isa(other) != nullptr);
  otf_engine_destroy(other);
}

// The engine still does what it should.
void sound(otf_engine* engine) {
  const float costs[] = {1, 5, 2, 7, 3, 9, 4, 8, 6};
  int32_t source[3];
  otf_report report{};
  otf_assign_task task{costs, nullptr, source, 3};
  CHECK(otf_assign(engine, &task, &report, 1) == OTF_OK && report.cost * 3 == 9);
}

void round(uint32_t seed, otf_engine* shared) {
  using Function = void (*)(Draw&, otf_engine*);
  constexpr Function kFunctions[] = {cost,    sinkhorn, assign, transport, maps,
                                     average, features, fusion, fusion,    memory, engine};
  seed_of_round = seed;
  alarm(kSecondsOfRound);
  Draw draw(seed);
  int function = draw.below(static_cast<int>(std::size(kFunctions)));
  int before = check::failures;
  kFunctions[function](draw, shared);
  sound(shared);
  if (check::failures != before) say_seed();
}

}  // namespace

extern "C" void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

int main(int argc, char** argv) {
  double seconds = argc > 1 ? std::atof(argv[1]) : 10;
  uint32_t seed = argc > 2 ? static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)) : 1;
  if (argc > 3) check::isa = argv[3];
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(say_seed);
  std::signal(SIGALRM, die);
  std::signal(SIGABRT, die);
  std::printf("seeds from %u\n", seed);
  std::fflush(stdout);
  check::Engine shared(3);
  auto start = std::chrono::steady_clock::now();
  uint32_t rounds = 0;
  do {
    round(seed + rounds++, shared);
  } while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds);
  std::printf("%u rounds, %d calls answered, %d refused, %d failures\n", rounds, answered, refused,
              check::failures);
  return check::failures == 0 ? 0 : 1;
}
