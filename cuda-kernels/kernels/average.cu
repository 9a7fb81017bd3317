// The weighted average of tensors under hard maps (Singh and Jaggi 2020, algorithm 1): every entry
// of the target is put together from all models at once and written once, whatever the maps are.
//
// A tile is 4096 entries in a row. Its block first writes down, in shared memory, what is the same
// for all of them: the run, which is the product of the last axes that no source moves, the sizes
// of the axes before it, where the tile begins on each, and every source's strides. An entry's
// indices then take one multiplication an axis. Where runs are whole vectors of four floats and
// everything lies right for it, memory is read and written 16 bytes at a time; otherwise lanes read
// and write neighbouring floats, gathered through index tables that the first-level cache holds.
//
// Bytes: 4 (K + 1) an entry for K models, and the tables. A permuted last axis is read in no order
// within a row of the source: rows of up to a tile come in once and are found in the first-level
// cache, longer ones are read by several blocks, from the second level. More models than 32 take
// another pass over the target for each 32.
#include "launch.cuh"
#include "reduce.cuh"

namespace otc {
namespace {

constexpr int kThreads = 256;
constexpr int kTile = 4096;
constexpr int kSources = kWarp;  // sources of a pass, one a lane while the layout is written
constexpr int kVector = 4;
constexpr int64_t kLongestRun = 1 << 30;

// An axis that some source moves, and the run after them.
struct Extent {
  unsigned size;
  unsigned start;    // where the tile begins
  unsigned inverse;  // of the size, for divide(); 0 where the size is that of a tile or above
};

struct Layout {
  Extent run;
  Extent axes[OTC_MAX_AXES];  // last first
  const float* values[kSources];
  float weights[kSources];
  const int32_t* indices[kSources][OTC_MAX_AXES];
  int64_t strides[kSources][OTC_MAX_AXES];
  int rank;
  int sources;
  int vectors;  // whether 16 bytes can be moved at a time
};

__device__ Extent extent(int64_t size, int64_t start) {
  unsigned value = static_cast<unsigned>(size);
  return {value, static_cast<unsigned>(start), value < kTile ? 0xffffffffu / value + 1 : 0};
}

// position / size for positions of a tile that begins within the first `size`. A size of 2 or above
// and below kTile has a position below 2 kTile, for which the rounded inverse is exact.
__device__ __forceinline__ unsigned divide(unsigned position, const Extent& extent) {
  if (extent.inverse == 0) return extent.size == 1 ? position : position >= extent.size;
  return static_cast<unsigned>(uint64_t{position} * extent.inverse >> 32);
}

__device__ __forceinline__ bool is_aligned(const float* address) {
  return reinterpret_cast<uintptr_t>(address) % (kVector * sizeof(float)) == 0;
}

// By one warp; lane s looks after source first + s. Sources of weight 0 are left out.
__device__ void write_layout(const otc_average_task& task, int first, int64_t start,
                             Layout& layout) {
  int lane = static_cast<int>(threadIdx.x);
  bool there = first + lane < task.count && task.sources[first + lane].weight != 0;
  unsigned sources = __ballot_sync(kAllLanes, there);
  int slot = __popc(sources & ((1u << lane) - 1));
  // Lanes without a source go along with the first one, which there is if there is a layout at all.
  const otc_average_source& source = task.sources[there ? first + lane : first];

  int64_t run = 1;
  int64_t stride = 1;
  int64_t base = 0;
  int rank = 0;
  bool unmoved = true;
  int64_t sizes[OTC_MAX_AXES];
#pragma unroll
  for (int a = OTC_MAX_AXES - 1; a >= 0; a--) {
    sizes[a] = 1;
    if (a >= task.rank) continue;
    const otc_axis axis = source.axes[a];
    int64_t size = axis.target_size;
    unmoved = unmoved && run * size <= kLongestRun &&
              __all_sync(kAllLanes, !there || axis.indices == nullptr);
    if (unmoved) {
      run *= size;
    } else if (size == 1) {
      base += stride * (axis.indices == nullptr ? 0 : axis.indices[0]);
    } else {
      sizes[a] = size;
      if (there) {
        layout.indices[slot][rank] = axis.indices;
        layout.strides[slot][rank] = stride;
      }
      rank++;
    }
    stride *= axis.source_size;
  }
  const float* values = source.values + base;
  bool vectors = run % kVector == 0 && is_aligned(task.target) &&
                 __all_sync(kAllLanes, !there || is_aligned(values));
  if (there) {
    layout.values[slot] = values;
    layout.weights[slot] = source.weight;
  }
  if (lane == 0) {
    layout.run = extent(run, start % run);
    int64_t rest = start / run;
    rank = 0;
#pragma unroll
    for (int a = OTC_MAX_AXES - 1; a >= 0; a--) {
      if (sizes[a] == 1) continue;
      layout.axes[rank++] = extent(sizes[a], rest % sizes[a]);
      rest /= sizes[a];
    }
    layout.rank = rank;
    layout.sources = __popc(sources);
    layout.vectors = vectors;
  }
}

template <int Width>
struct Values {
  float v[Width];
};

template <int Width>
__device__ __forceinline__ Values<Width> read(const float* from) {
  if constexpr (Width == kVector) {
    float4 four = *reinterpret_cast<const float4*>(from);
    return {{four.x, four.y, four.z, four.w}};
  } else {
    return {{*from}};
  }
}

template <int Width>
__device__ __forceinline__ void write(float* to, const Values<Width>& values) {
  if constexpr (Width == kVector) {
    *reinterpret_cast<float4*>(to) =
        make_float4(values.v[0], values.v[1], values.v[2], values.v[3]);
  } else {
    *to = values.v[0];
  }
}

// The entries of a tile, which begins at `target`, with at most Rank moved axes; `add` tells
// whether the target already holds part of the sum. A thread has several in hand, so that they wait
// for memory together and share what is read from the layout; those past the end are the last one
// again.
template <int Width, int Rank>
__device__ __forceinline__ void average(const Layout& layout, float* target, int length, bool add) {
  constexpr int kAtOnce = Rank > 2 ? 1 : Width == kVector ? 2 : 4;
  constexpr int kStep = kThreads * Width;
  for (int first = static_cast<int>(threadIdx.x) * Width; first < length;
       first += kAtOnce * kStep) {
    unsigned index[kAtOnce][Rank];
    unsigned within[kAtOnce];
    Values<Width> sums[kAtOnce];
#pragma unroll
    for (int e = 0; e < kAtOnce; e++) {
      int at = min(first + e * kStep, length - Width);
      unsigned position = layout.run.start + static_cast<unsigned>(at);
      unsigned row = divide(position, layout.run);
      within[e] = position - row * layout.run.size;
#pragma unroll
      for (int a = 0; a < Rank; a++) {
        index[e][a] = 0;
        if (a >= layout.rank) continue;
        position = layout.axes[a].start + row;
        row = divide(position, layout.axes[a]);
        index[e][a] = position - row * layout.axes[a].size;
      }
      sums[e] = {};
      if (add && first + e * kStep < length) sums[e] = read<Width>(target + at);
    }
    for (int s = 0; s < layout.sources; s++) {
      int64_t offsets[kAtOnce];
#pragma unroll
      for (int e = 0; e < kAtOnce; e++) offsets[e] = within[e];
#pragma unroll
      for (int a = 0; a < Rank; a++) {
        if (a >= layout.rank) continue;
        const int32_t* indices = layout.indices[s][a];
        const int64_t stride = layout.strides[s][a];
#pragma unroll
        for (int e = 0; e < kAtOnce; e++) {
          int64_t source =
              indices == nullptr ? index[e][a] : static_cast<unsigned>(indices[index[e][a]]);
          offsets[e] += source * stride;
        }
      }
      const float* values = layout.values[s];
      const float weight = layout.weights[s];
      Values<Width> read_values[kAtOnce];
#pragma unroll
      for (int e = 0; e < kAtOnce; e++) read_values[e] = read<Width>(values + offsets[e]);
      // Not added to 0, which would turn -0 into 0: an anchor of weight 1 comes out as it is.
      const bool fresh = s == 0 && !add;
#pragma unroll
      for (int e = 0; e < kAtOnce; e++) {
#pragma unroll
        for (int q = 0; q < Width; q++) {
          float value = read_values[e].v[q];
          sums[e].v[q] = fresh ? weight * value : fmaf(weight, value, sums[e].v[q]);
        }
      }
    }
#pragma unroll
    for (int e = 0; e < kAtOnce; e++) {
      if (first + e * kStep < length) write<Width>(target + first + e * kStep, sums[e]);
    }
  }
}

template <int Width>
__device__ __forceinline__ void average(const Layout& layout, float* target, int length, bool add) {
  if (layout.rank <= 2) {
    average<Width, 2>(layout, target, length, add);
  } else {
    average<Width, OTC_MAX_AXES>(layout, target, length, add);
  }
}

__global__ void __launch_bounds__(kThreads, 4)
    average_kernel(const otc_average_task* tasks, int count, int64_t tiles) {
  __shared__ Layout layout;
  for (int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const otc_average_task& task =
        tasks[find_task(tasks, count, &otc_average_task::first_tile, tile)];
    int64_t start = (tile - task.first_tile) * kTile;
    const int length = static_cast<int>(min(int64_t{kTile}, task.length - start));
    bool add = task.accumulate != 0;
    for (int first = 0; first == 0 || first < task.count; first += kSources) {
      if (threadIdx.x < kWarp) write_layout(task, first, start, layout);
      __syncthreads();
      if (layout.vectors) {
        average<kVector>(layout, task.target + start, length, add);
      } else {
        average<1>(layout, task.target + start, length, add);
      }
      add = true;
      __syncthreads();
    }
  }
}

}  // namespace
}  // namespace otc

// -----------------------------------------------------------------------------------------------

int otc_average_prepare(otc_average_task* tasks, int32_t count, otc_launch* launch) {
  if (!otc::reset(tasks, count, launch)) return cudaErrorInvalidValue;
  for (int32_t t = 0; t < count; t++) {
    otc_average_task& task = tasks[t];
    if (!otc::is_array(task.target, task.length) || task.count < 1 || task.sources == nullptr) {
      return cudaErrorInvalidValue;
    }
    if (task.rank < 0 || task.rank > OTC_MAX_AXES) return cudaErrorInvalidValue;
    task.first_tile = launch->tiles;
    if (!otc::append(launch->tiles, otc::ceil_div<int64_t>(task.length, otc::kTile))) {
      return cudaErrorInvalidValue;
    }
  }
  return cudaSuccess;
}

int otc_average(const otc_average_task* tasks, const otc_launch* launch, void* stream) {
  if (!otc::usable(tasks, launch)) return cudaErrorInvalidValue;
  return otc::start(otc::average_kernel, launch->tiles, otc::kThreads, 0, stream, tasks,
                    launch->count, launch->tiles);
}
