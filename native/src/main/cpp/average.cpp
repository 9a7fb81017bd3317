// The weighted average of aligned tensors (Singh and Jaggi 2020, algorithm 1). Hard maps of all axes
// and all models are one pass: a piece of the target is put together in the first-level cache and
// then written once, past the caches where the target is large. Sources of weight 0 are left out.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "axes.h"

namespace otf {
namespace {

constexpr int64_t kPiece = 8192;
constexpr int64_t kStreamed = 1 << 20;  // floats of a target that is not worth keeping in a cache

struct Input {
  const float* values;
  float weight;
  Gather gather;
};

// Tells whether all that is written is finite; a piece is looked at while it is in the cache.
bool write_pieces(Engine& engine, const std::vector<Input>& inputs, float* target, int64_t length,
                  bool add) {
  bool streamed = length >= kStreamed && !add;
  std::atomic<bool> finite{true};
  engine.pool.run((length + kPiece - 1) / kPiece, [&](int64_t piece, int) {
    alignas(64) float buffer[kPiece];
    int64_t start = piece * kPiece;
    int64_t count = std::min(kPiece, length - start);
    float* out = streamed ? buffer : target + start;
    if (inputs.empty() && !add) std::fill_n(out, count, 0.0f);
    bool more = add;
    for (const Input& input : inputs) {
      input.gather.apply(engine.kernels, input.values, start, count, input.weight, more, out);
      more = true;
    }
    if (!std::isfinite(engine.kernels.largest_magnitude(out, count))) finite = false;
    if (streamed) engine.kernels.stream_out(target + start, buffer, count);
  });
  return finite;
}

bool any_soft(const otf_source& source) {
  return std::any_of(source.axes, source.axes + source.rank, is_soft);
}

}  // namespace

bool average(Engine& engine, const otf_average_task* tasks, int count, bool add) {
  bool finite = true;
  for (int t = 0; t < count; t++) {
    const otf_average_task& task = tasks[t];
    if (task.length == 0) continue;
    std::vector<Input> inputs;
    bool written = add;
    Scratch scratch[2];
    for (int s = 0; s < task.count; s++) {
      const otf_source& source = task.sources[s];
      if (source.weight == 0) continue;
      if (!any_soft(source)) {
        inputs.push_back({source.values, source.weight, Gather(source.axes, source.rank)});
        continue;
      }
      // What came before goes first, so that the order of the sum is that of the sources.
      if (!inputs.empty()) finite &= write_pieces(engine, inputs, task.target, task.length, written);
      written |= !inputs.empty();
      inputs.clear();
      int64_t size = target_size(source.axes[0]);
      int64_t most = slab_size(source.axes, source.rank, 0);
      for (int64_t first = 0; first < size; first += most) {
        Slab slab{0, first, std::min(most, size - first)};
        Softened soft = soften(engine, source.values, source.axes, source.rank, slab, scratch);
        inputs.push_back({soft.values, source.weight, Gather(soft.axes.data(), source.rank)});
        int64_t row = task.length / size;
        finite &= write_pieces(engine, inputs, task.target + first * row, slab.count * row, written);
        inputs.clear();
      }
      written = true;
    }
    if (!inputs.empty() || !written) {
      finite &= write_pieces(engine, inputs, task.target, task.length, written);
    }
  }
  return finite;
}

}  // namespace otf
