// The limits of the machine with the engine's threads: powers of two and multiply-adds on registers,
// matrix-vector products from a core's own cache, copies through memory.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "engine.h"

namespace otf {
namespace {

constexpr double kSeconds = 0.25;
constexpr int64_t kMatrixFloats = 1 << 17;  // 512 KiB
constexpr int64_t kCopyFloats = 1 << 23;    // 32 MiB on each side

// Calls body(thread) on all threads for a while; the calls of all threads in a second, each taken at
// its fastest, so that other work on the machine is left out.
double rate(Engine& engine, std::vector<double>& fastest, const std::function<void(int)>& body) {
  using Clock = std::chrono::steady_clock;
  std::fill(fastest.begin(), fastest.end(), 1e9);
  Clock::time_point start = Clock::now();
  engine.pool.run(engine.pool.size(), [&](int64_t index, int) {
    Clock::time_point before = Clock::now();
    do {
      body(static_cast<int>(index));
      Clock::time_point after = Clock::now();
      double seconds = std::chrono::duration<double>(after - before).count();
      fastest[index] = std::min(fastest[index], seconds);
      before = after;
    } while (std::chrono::duration<double>(before - start).count() < kSeconds);
  });
  double total = 0;
  for (double seconds : fastest) total += 1 / seconds;
  return total;
}

}  // namespace

otf_limits limits(Engine& engine) {
  constexpr int64_t kRounds = 2000;
  const Kernels& k = engine.kernels;
  std::atomic<double> sink{0};
  std::vector<double> fastest(engine.pool.size());
  std::vector<std::vector<float>> from(engine.pool.size());
  std::vector<std::vector<float>> to(engine.pool.size());
  for (int t = 0; t < engine.pool.size(); t++) {
    from[t].assign(kCopyFloats, 1.0f);
    to[t].assign(kCopyFloats, 1.0f);
  }
  otf_limits result{};
  result.exp2_per_second =
      rate(engine, fastest, [&](int) { sink = k.spin_exp2(kRounds); }) * kRounds * k.exp2_per_round;
  result.sgemm_flops_per_second =
      rate(engine, fastest, [&](int) { sink = k.spin_multiply_add(kRounds); }) * kRounds *
      k.flops_per_round;
  result.matrix_vector_bytes_per_second = rate(engine, fastest, [&](int t) {
    double sums[kRowGroup];
    int width = static_cast<int>(kMatrixFloats / kRowGroup);
    // The vector has a row's length and is read along with eight rows.
    k.dot(from[t].data(), width, to[t].data(), width, sums);
    sink = sums[0];
  }) * kMatrixFloats * sizeof(float);
  result.copy_bytes_per_second = rate(engine, fastest, [&](int t) {
    k.stream_out(to[t].data(), from[t].data(), kCopyFloats);
  }) * kCopyFloats * 2 * sizeof(float);
  return result;
}

}  // namespace otf
