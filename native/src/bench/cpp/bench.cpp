// Measures the engine's operations against what this processor can do at best, in one run:
// otfuse_bench [threads [isa [part of an operation's name]]]. Limits are measured with the same number of threads right before.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "network.h"
#include "otfuse.h"

namespace {

using Floats = std::vector<float>;

otf_engine* engine;
std::mt19937 random_source(1);

Floats normal(int64_t count) {
  std::normal_distribution<float> draw;
  Floats values(count);
  for (float& value : values) value = draw(random_source);
  return values;
}

// Seconds of the fastest of several calls.
double fastest(int repeats, const std::function<void()>& body) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeats; i++) {
    auto start = std::chrono::steady_clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

void must(int32_t status) {
  if (status == OTF_OK) return;
  std::fprintf(stderr, "%s\n", otf_last_error());
  std::exit(1);
}

const char* selection = "";

bool selected(const char* operation) { return std::strstr(operation, selection) != nullptr; }

void cost(int n, int m, int d) {
  if (!selected("cost")) return;
  Floats x = normal(int64_t{n} * d);
  Floats y = normal(int64_t{m} * d);
  Floats out(int64_t{n} * m);
  otf_cost_task task{x.data(), y.data(), out.data(), n, m, d, OTF_EUCLIDEAN};
  double time = fastest(20, [&] { must(otf_cost(engine, &task, 1)); });
  std::printf("cost       %5d x %5d x %5d  %8.3f ms  %7.1f GFLOP/s\n", n, m, d, time * 1e3,
              2e-9 * n * m * d / time);
}

// A ragged batch; counted as if every iteration took one exponential an entry.
void sinkhorn(int count, int low, int high, double epsilon, int iterations) {
  if (!selected("sinkhorn")) return;
  std::uniform_int_distribution<int> size(low, high);
  std::vector<otf_sinkhorn_task> tasks(count);
  std::vector<Floats> memory;
  double entries = 0;
  for (otf_sinkhorn_task& task : tasks) {
    int n = size(random_source);
    int m = size(random_source);
    int d = 32;
    Floats x = normal(n * d);
    Floats y = normal(m * d);
    Floats cost(n * m);
    otf_cost_task pairs{x.data(), y.data(), cost.data(), n, m, d, OTF_EUCLIDEAN};
    must(otf_cost(engine, &pairs, 1));
    for (size_t length : {size_t(n) * m, size_t(n), size_t(m)}) memory.emplace_back(length);
    memory.push_back(std::move(cost));
    memory.emplace_back(n, 1.0f / n);
    memory.emplace_back(m, 1.0f / m);
    auto array = [&](int back) { return memory[memory.size() - back].data(); };
    task = {array(3), array(2), array(1), array(6), array(5), array(4), n, m, epsilon, 0,
            std::numeric_limits<double>::infinity(), 0, iterations, 0};
    entries += double(n) * m;
  }
  std::vector<otf_report> reports(count);
  double time = fastest(count == 1 && high < 1000 ? 300 : 5, [&] { must(otf_sinkhorn(engine, tasks.data(), reports.data(), count)); });
  std::printf("sinkhorn   %d of %d..%d, epsilon %g, %d iterations  %8.3f ms  %7.3f G entries/s\n", count,
              low, high, epsilon, iterations, time * 1e3, 1e-9 * entries * iterations / time);
}

// Rows of y are noisy copies of rows of x, like neurons of two models of one architecture.
void assign(int n, int d, float noise) {
  if (!selected("assign")) return;
  Floats x = normal(int64_t{n} * d);
  Floats y = normal(int64_t{n} * d);
  for (size_t i = 0; i < x.size(); i++) y[i] = x[(i * 7 + 3 * d) % x.size()] + noise * y[i];
  Floats cost(int64_t{n} * n);
  otf_cost_task pairs{x.data(), y.data(), cost.data(), n, n, d, OTF_EUCLIDEAN};
  must(otf_cost(engine, &pairs, 1));
  std::vector<int32_t> source(n);
  otf_assign_task task{cost.data(), nullptr, source.data(), n};
  otf_report report;
  double time = fastest(5, [&] { must(otf_assign(engine, &task, &report, 1)); });
  std::printf("assign     %5d, d %4d, noise %4.1f  %8.3f ms, %d augmentations\n", n, d, noise, time * 1e3,
              report.iterations);
}

void transport(int n, int m, int d) {
  if (!selected("transport")) return;
  Floats x = normal(int64_t{n} * d);
  Floats y = normal(int64_t{m} * d);
  Floats cost(int64_t{n} * m);
  otf_cost_task pairs{x.data(), y.data(), cost.data(), n, m, d, OTF_EUCLIDEAN};
  must(otf_cost(engine, &pairs, 1));
  Floats a(n, 1.0f / n);
  Floats b(m, 1.0f / m);
  Floats plan(int64_t{n} * m);
  otf_transport_task task{cost.data(), a.data(), b.data(), nullptr, plan.data(), n, m};
  otf_report report;
  double time = fastest(3, [&] { must(otf_transport(engine, &task, &report, 1)); });
  std::printf("transport  %5d x %5d, d %4d  %8.3f ms, %d pivots\n", n, m, d, time * 1e3,
              report.iterations);
}

// Two models' tensors [n,n,kernel], one of them permuted on both axes.
void average(int n, int kernel) {
  if (!selected("average")) return;
  Floats x = normal(int64_t{n} * n * kernel);
  Floats y = x;
  Floats out(x.size());
  std::vector<int32_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random_source);
  otf_segment hard{OTF_HARD, n, n, 1, order.data(), nullptr};
  otf_segment same{OTF_IDENTITY, n, n, 1, nullptr, nullptr};
  otf_segment inner{OTF_IDENTITY, kernel, kernel, 1, nullptr, nullptr};
  otf_axis moved[] = {{&hard, 1}, {&hard, 1}, {&inner, 1}};
  otf_axis fixed[] = {{&same, 1}, {&same, 1}, {&inner, 1}};
  otf_source sources[] = {{x.data(), moved, 3, 0.5f}, {y.data(), fixed, 3, 0.5f}};
  otf_average_task task{out.data(), sources, 2, static_cast<int64_t>(out.size())};
  double time = fastest(20, [&] { must(otf_average(engine, &task, 1)); });
  std::printf("average    [%d,%d,%d]  %8.3f ms, %.1f GB/s read and written\n", n, n, kernel, time * 1e3,
              1.2e-8 * static_cast<double>(out.size()) / time);
}

// Two networks with normal weights, prepared, from buffers to a buffer.
void fuse(const char* name, check::Network network) {
  if (!selected("fusion")) return;
  std::mt19937 random(3);
  Floats x = network.weights(random);
  Floats y = network.weights(random);
  Floats out(x.size());
  otf_program program = network.program();
  otf_fusion* fusion = nullptr;
  must(otf_fusion_create(engine, &program, &fusion));
  must(otf_fusion_set_model(fusion, 0, x.data()));
  must(otf_fusion_set_model(fusion, 1, y.data()));
  double time = fastest(15, [&] { must(otf_fusion_run(fusion, out.data())); });
  std::printf("fusion     %s  %8.3f ms\n", name, time * 1e3);
  otf_fusion_destroy(fusion);
}

// VGG11 with a normalisation behind every convolution.
check::Network normalised() {
  check::Network network(3);
  for (int width : {64, 128, 256, 256, 512, 512, 512, 512}) network.layer(width, 9, false, true);
  return network.layer(10, 1, true, false);
}

}  // namespace

int main(int argc, char** argv) {
  int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  must(otf_engine_create(threads, argc > 2 ? argv[2] : "", &engine));
  if (argc > 3) selection = argv[3];
  std::printf("%d threads, %s\n", threads, otf_engine_isa(engine));
  otf_limits limits;
  must(otf_measure_limits(engine, &limits));
  std::printf("limits     %.1f G exp2/s, %.1f GFLOP/s, matrix-vector %.1f GB/s, copy %.1f GB/s\n",
              limits.exp2_per_second * 1e-9, limits.sgemm_flops_per_second * 1e-9,
              limits.matrix_vector_bytes_per_second * 1e-9, limits.copy_bytes_per_second * 1e-9);
  cost(512, 512, 4608);
  cost(1024, 1024, 3072);
  cost(400, 400, 784);
  cost(64, 64, 27);
  sinkhorn(1, 288, 288, 0.05, 100);
  sinkhorn(1, 288, 288, 0.05, 1);
  sinkhorn(256, 64, 512, 0.05, 100);
  sinkhorn(256, 64, 512, 0.05, 1);
  sinkhorn(8, 512, 512, 0.001, 100);
  sinkhorn(1, 2048, 2048, 0.01, 100);
  assign(400, 784, 1);
  assign(512, 1000, 3);
  assign(1024, 64, 3);
  assign(1024, 1024, 3);
  transport(400, 300, 64);
  transport(800, 400, 784);
  average(512, 9);
  average(1024, 1);
  fuse("MLP 784-400-200-100-10", check::mlp({784, 400, 200, 100, 10}));
  fuse("MLP 3072-1024-1024-10", check::mlp({3072, 1024, 1024, 10}));
  fuse("VGG11", check::vgg11());
  fuse("VGG11 with normalisations", normalised());
  otf_engine_destroy(engine);
}
