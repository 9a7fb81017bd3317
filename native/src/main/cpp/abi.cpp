// The C functions: arguments are checked here, exceptions end here.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "axes.h"
#include "engine.h"
#include "fusion.h"
#include "numbers.h"

struct otf_engine {
  std::shared_ptr<otf::Engine> engine;
};

struct otf_fusion {
  std::shared_ptr<otf::Engine> engine;
  otf::Fusion fusion;
};

namespace {

// Rows and columns that loops can count by steps without overflow.
constexpr int32_t kMostRows = 1 << 30;
constexpr int64_t kMostIndices = std::numeric_limits<int32_t>::max();
// Nodes of a transport problem whose masses are still told apart well.
constexpr int64_t kMostNodes = 1 << 24;

thread_local char last_error[512];  // needs no memory when there is none

int32_t fail(int32_t status, const char* message) noexcept {
  std::snprintf(last_error, sizeof last_error, "%s", message);
  return status;
}

template <class Body>
int32_t guarded(Body&& body) noexcept {
  try {
    body();
    return OTF_OK;
  } catch (const std::invalid_argument& e) {
    return fail(OTF_INVALID_ARGUMENT, e.what());
  } catch (const otf::OutOfRange& e) {
    return fail(OTF_OUT_OF_RANGE, e.what());
  } catch (const std::length_error&) {
    return fail(OTF_OUT_OF_MEMORY, "out of memory: the call needs more than there can be");
  } catch (const otf::OutOfMemory& e) {
    return fail(OTF_OUT_OF_MEMORY, e.what());
  } catch (const std::bad_alloc&) {
    return fail(OTF_OUT_OF_MEMORY, "out of memory: work space for the call could not be had");
  } catch (const otf::Unavailable& e) {
    return fail(OTF_UNAVAILABLE, e.what());
  } catch (const std::exception& e) {
    return fail(OTF_INTERNAL, e.what());
  } catch (...) {
    return fail(OTF_INTERNAL, "an unknown failure");
  }
}

void require(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

bool sized(const void* values, int64_t length) { return values != nullptr || length == 0; }

bool counts(int32_t size) { return size >= 0 && size <= kMostRows; }

void check(const otf_cost_task& t) {
  require(counts(t.n) && counts(t.m) && counts(t.d), "cost: a size is not within 0 and 2^30");
  require(t.metric >= OTF_EUCLIDEAN && t.metric <= OTF_COSINE, "cost: there is no such metric");
  require(sized(t.x, int64_t{t.n} * t.d) && sized(t.y, int64_t{t.m} * t.d) &&
              sized(t.cost, int64_t{t.n} * t.m),
          "cost: a matrix is null");
}

void check(const otf_sinkhorn_task& t) {
  require(t.n >= 1 && t.m >= 1 && counts(t.n) && counts(t.m),
          "sinkhorn: a size is not within 1 and 2^30");
  require(t.cost != nullptr && t.a != nullptr && t.b != nullptr && t.plan != nullptr &&
              t.f != nullptr && t.g != nullptr,
          "sinkhorn: an array is null");
  require(t.epsilon > 0 && std::isfinite(t.epsilon), "sinkhorn: epsilon is not a number above 0");
  require(t.tolerance >= 0 && t.tau > 0, "sinkhorn: tolerance or tau is out of range");
  require(t.annealing >= 0 && t.annealing < 1, "sinkhorn: annealing is out of range");
  require(t.max_iterations >= 1, "sinkhorn: there are no iterations");
}

void check(const otf_assign_task& t) {
  require(counts(t.n), "assign: a size is not within 0 and 2^30");
  require(sized(t.cost, t.n) && sized(t.source, t.n), "assign: an array is null");
}

void check(const otf_transport_task& t) {
  require(t.n >= 1 && t.m >= 1 && int64_t{t.n} + t.m <= kMostNodes,
          "transport: a size is below 1 or their sum above 2^24");
  require(t.cost != nullptr && t.a != nullptr && t.b != nullptr && t.plan != nullptr,
          "transport: an array is null");
}

void check(const otf_map_task& t) {
  require(counts(t.n) && counts(t.m), "maps: a size is not within 0 and 2^30");
  int64_t length = int64_t{t.n} * t.m;
  require(sized(t.plan, length) && sized(t.p, length) && sized(t.q, length), "maps: a matrix is null");
}

void check(const otf_segment& g) {
  require(g.n >= 0 && g.m >= 0 && g.block >= 1, "a segment's size is out of range");
  require(g.n > 0 || g.m == 0, "a segment has no source");
  bool mapped = g.kind == OTF_IDENTITY ? g.n == g.m
                : g.kind == OTF_HARD   ? sized(g.source, g.m)
                                       : g.kind == OTF_SOFT && sized(g.matrix, int64_t{g.n} * g.m);
  require(mapped, "a segment's map is missing");
  for (int32_t j = 0; g.kind == OTF_HARD && j < g.m; j++) {
    require(g.source[j] >= 0 && g.source[j] < g.n, "a hard map's index is out of range");
  }
}

// A tensor's floats before and after.
struct Sizes {
  int64_t source = 1;
  int64_t target = 1;
};

Sizes check(const otf_axis* axes, int32_t rank) {
  require(rank >= 0 && sized(axes, rank), "an axis list is null or its length is negative");
  Sizes sizes;
  int64_t most = 1;  // between two axes a tensor may be larger than before and after
  for (int32_t a = 0; a < rank; a++) {
    require(axes[a].count >= 1 && axes[a].segments != nullptr, "an axis has no segments");
    int64_t source = 0;
    int64_t target = 0;
    for (int32_t s = 0; s < axes[a].count; s++) {
      const otf_segment& g = axes[a].segments[s];
      check(g);
      source += int64_t{g.n} * g.block;
      target += int64_t{g.m} * g.block;
      require(source <= kMostIndices && target <= kMostIndices, "an axis is too long");
    }
    most = otf::product(most, std::max<int64_t>({source, target, 1}), otf::kMostFloats,
                        "a tensor is too large");
    sizes.source *= source;
    sizes.target *= target;
  }
  return sizes;
}

void check(const otf_average_task& t) {
  require(t.count >= 1 && t.sources != nullptr, "average: there are no sources");
  for (int32_t s = 0; s < t.count; s++) {
    Sizes sizes = check(t.sources[s].axes, t.sources[s].rank);
    require(sizes.target == t.length && sized(t.target, sizes.target),
            "average: a source misses the target's size");
    require(sized(t.sources[s].values, sizes.source), "average: a source is null");
  }
}

void check(const otf_feature_task& t) {
  Sizes sizes = check(t.axes, t.rank);
  require(t.output_axis >= 0 && t.output_axis < t.rank, "features: there is no such output axis");
  int64_t outputs = otf::source_size(t.axes[t.output_axis]);
  int64_t columns = 1;
  for (int32_t a = 0; a < t.rank; a++) columns *= a == t.output_axis ? 1 : otf::target_size(t.axes[a]);
  require(counts(t.rows) && t.first_row >= 0 && int64_t{t.first_row} + t.rows <= outputs,
          "features: the rows are not all there");
  require(counts(t.columns) && t.first_column >= 0 && t.first_column + columns <= t.columns,
          "features: the columns do not fit the target");
  require(sized(t.values, sizes.source) && sized(t.target, int64_t{t.rows} * t.columns),
          "features: an array is null");
}

// A call inside an engine, which is not destroyed meanwhile.
class Visit {
 public:
  explicit Visit(std::shared_ptr<otf::Engine> engine) : engine_(std::move(engine)) {
    require(engine_->gate.enter(), "the engine is destroyed");
  }
  ~Visit() { engine_->gate.leave(); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  otf::Engine& engine() const { return *engine_; }

 private:
  std::shared_ptr<otf::Engine> engine_;
};

// Checks all tasks, then runs the operation on them with the engine to itself.
template <class Task, class Operation>
int32_t run(otf_engine* engine, const Task* tasks, int32_t count, Operation&& operation) noexcept {
  return guarded([&] {
    require(engine != nullptr, "the engine is null");
    require(count >= 0 && sized(tasks, count), "the tasks are null or their number is negative");
    Visit visit(engine->engine);
    for (int32_t i = 0; i < count; i++) check(tasks[i]);
    std::lock_guard<std::mutex> lock(visit.engine().mutex);
    operation(visit.engine());
  });
}

}  // namespace

extern "C" {

const char* otf_version(void) { return OTF_VERSION; }

const char* otf_last_error(void) { return last_error; }

int32_t otf_engine_create(int32_t threads, const char* isa, otf_engine** engine) {
  return guarded([&] {
    require(engine != nullptr, "the place for the engine is null");
    *engine = nullptr;
    require(threads >= 1 && threads <= 4096, "the number of threads is not within 1 and 4096");
    std::string choice = isa == nullptr ? "" : isa;
    const char* environment = std::getenv("OTFUSE_ISA");
    if (choice.empty() && environment != nullptr) choice = environment;
    *engine = new otf_engine{std::make_shared<otf::Engine>(threads, otf::select_kernels(choice))};
  });
}

void otf_engine_destroy(otf_engine* engine) {
  if (engine == nullptr) return;
  engine->engine->gate.close();
  delete engine;
}

const char* otf_engine_isa(const otf_engine* engine) {
  return engine == nullptr ? "" : engine->engine->kernels.isa;
}

int32_t otf_allocate(int64_t length, float** values) {
  return guarded([&] {
    require(values != nullptr && length >= 0, "allocate: a negative length or no place for it");
    *values = nullptr;
    if (length == 0) return;
    size_t bytes = static_cast<size_t>(std::min(length, otf::kMostFloats)) * sizeof(float);
    *values = length > otf::kMostFloats ? nullptr : static_cast<float*>(otf::acquire(bytes));
    if (*values == nullptr) throw otf::OutOfMemory(bytes);
  });
}

void otf_free(float* values) { otf::release(values); }

int32_t otf_cost(otf_engine* engine, const otf_cost_task* tasks, int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) { otf::cost(e, tasks, count); });
}

int32_t otf_sinkhorn(otf_engine* engine, const otf_sinkhorn_task* tasks, otf_report* reports,
                     int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) {
    require(sized(reports, count), "the reports are null");
    otf::sinkhorn(e, tasks, reports, count);
  });
}

int32_t otf_assign(otf_engine* engine, const otf_assign_task* tasks, otf_report* reports,
                   int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) {
    require(sized(reports, count), "the reports are null");
    otf::assign(e, tasks, reports, count);
  });
}

int32_t otf_features(otf_engine* engine, const otf_feature_task* tasks, int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) { otf::features(e, tasks, count); });
}

int32_t otf_maps(otf_engine* engine, const otf_map_task* tasks, int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) { otf::maps(e, tasks, count); });
}

int32_t otf_average(otf_engine* engine, const otf_average_task* tasks, int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) { otf::average(e, tasks, count); });
}

int32_t otf_transport(otf_engine* engine, const otf_transport_task* tasks, otf_report* reports,
                      int32_t count) {
  return run(engine, tasks, count, [&](otf::Engine& e) {
    require(sized(reports, count), "the reports are null");
    otf::transport(e, tasks, reports, count);
  });
}

int32_t otf_fusion_create(otf_engine* engine, const otf_program* program, otf_fusion** fusion) {
  return guarded([&] {
    require(engine != nullptr && program != nullptr && fusion != nullptr, "fusion: an argument is null");
    *fusion = nullptr;
    Visit visit(engine->engine);
    *fusion = new otf_fusion{engine->engine, otf::Fusion(visit.engine(), *program)};
  });
}

int32_t otf_fusion_set_model(otf_fusion* fusion, int32_t index, const float* weights) {
  return guarded([&] {
    require(fusion != nullptr && weights != nullptr, "fusion: an argument is null");
    fusion->fusion.set_model(index, weights);
  });
}

int32_t otf_fusion_run(otf_fusion* fusion, float* output) {
  return guarded([&] {
    require(fusion != nullptr && output != nullptr, "fusion: an argument is null");
    Visit visit(fusion->engine);
    if (!fusion->fusion.run(output)) {
      throw otf::OutOfRange(
          "fusion: a weight is not finite, or the features of a group are too large or too small");
    }
  });
}

void otf_fusion_destroy(otf_fusion* fusion) { delete fusion; }

int32_t otf_measure_limits(otf_engine* engine, otf_limits* limits) {
  return guarded([&] {
    require(engine != nullptr && limits != nullptr, "the engine or the limits are null");
    Visit visit(engine->engine);
    std::lock_guard<std::mutex> lock(visit.engine().mutex);
    *limits = otf::limits(visit.engine());
  });
}

}  // extern "C"
