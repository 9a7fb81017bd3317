#include "axes.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace otf {

int64_t product(int64_t a, int64_t b, int64_t most, const char* sentence) {
  if (b != 0 && a > most / b) throw std::invalid_argument(sentence);
  return a * b;
}

int64_t source_size(const otf_axis& axis) {
  int64_t size = 0;
  for (int s = 0; s < axis.count; s++) size += int64_t{axis.segments[s].n} * axis.segments[s].block;
  return size;
}

int64_t target_size(const otf_axis& axis) {
  int64_t size = 0;
  for (int s = 0; s < axis.count; s++) size += int64_t{axis.segments[s].m} * axis.segments[s].block;
  return size;
}

bool is_identity(const otf_axis& axis) {
  return std::all_of(axis.segments, axis.segments + axis.count,
                     [](const otf_segment& s) { return s.kind == OTF_IDENTITY; });
}

bool is_soft(const otf_axis& axis) {
  return std::any_of(axis.segments, axis.segments + axis.count,
                     [](const otf_segment& s) { return s.kind == OTF_SOFT; });
}

std::vector<int32_t> axis_units(const otf_axis& axis, int64_t* block) {
  int64_t common = axis.segments[0].block;
  for (int s = 1; s < axis.count; s++) {
    if (axis.segments[s].block != common) common = 1;
  }
  std::vector<int32_t> units;
  units.reserve(target_size(axis) / common);
  int64_t first = 0;
  for (int s = 0; s < axis.count; s++) {
    const otf_segment& segment = axis.segments[s];
    int64_t split = segment.block / common;
    for (int j = 0; j < segment.m; j++) {
      int64_t i = segment.kind == OTF_HARD ? segment.source[j] : j;
      for (int64_t q = 0; q < split; q++) {
        units.push_back(static_cast<int32_t>(first + i * split + q));
      }
    }
    first += segment.n * split;
  }
  *block = common;
  return units;
}

Gather::Gather(const otf_axis* axes, int rank) {
  int last = rank - 1;
  while (last >= 0 && is_identity(axes[last])) unit_ *= source_size(axes[last--]);
  if (last < 0) {
    inner_.push_back(0);
    return;
  }
  int64_t block = 1;
  inner_ = axis_units(axes[last], &block);
  int64_t stride = unit_ * source_size(axes[last]);
  extent_ = stride;
  unit_ *= block;
  for (int a = last - 1; a >= 0; a--) {
    int64_t size = 1;
    std::vector<int32_t> units = axis_units(axes[a], &size);
    Level level{{}, stride};
    level.index.reserve(units.size() * size);
    for (int32_t unit : units) {
      for (int64_t q = 0; q < size; q++) level.index.push_back(static_cast<int32_t>(unit * size + q));
    }
    stride *= source_size(axes[a]);
    outer_.push_back(std::move(level));
  }
}

int64_t Gather::base(int64_t row) const {
  int64_t offset = 0;
  for (const Level& level : outer_) {
    int64_t size = static_cast<int64_t>(level.index.size());
    offset += level.index[row % size] * level.stride;
    row /= size;
  }
  return offset;
}

void Gather::fetch(const float* src, int64_t row) const {
  constexpr int64_t kLine = 16;
  constexpr int64_t kMost = 1 << 14;
  if (inner_.size() < 2 || unit_ >= 4 * kLine || extent_ > kMost) return;
  const float* from = src + base(row);
  for (int64_t i = 0; i < extent_; i += kLine) __builtin_prefetch(from + i);
}

void Gather::apply(const Kernels& kernels, const float* src, int64_t start, int64_t count,
                   float weight, bool add, float* out) const {
  int64_t width = static_cast<int64_t>(inner_.size()) * unit_;
  fetch(src, start / width);
  while (count > 0) {
    int64_t within = start % width;
    int64_t length = std::min(count, width - within);
    if (count > length) fetch(src, start / width + 1);
    kernels.gather_row(out, src + base(start / width), inner_.data(), unit_, within, length, weight,
                       add);
    start += length;
    count -= length;
    out += length;
  }
}

std::vector<int64_t> offsets(const otf_axis* axes, int rank, int skipped) {
  std::vector<int64_t> result{0};
  std::vector<int64_t> strides(rank);
  int64_t stride = 1;
  for (int a = rank - 1; a >= 0; a--) {
    strides[a] = stride;
    stride *= source_size(axes[a]);
  }
  for (int a = 0; a < rank; a++) {
    if (a == skipped) continue;
    int64_t block = 1;
    std::vector<int32_t> units = axis_units(axes[a], &block);
    std::vector<int64_t> next;
    next.reserve(result.size() * units.size() * block);
    for (int64_t before : result) {
      for (int32_t unit : units) {
        for (int64_t q = 0; q < block; q++) next.push_back(before + (unit * block + q) * strides[a]);
      }
    }
    result.swap(next);
  }
  return result;
}

namespace {

// One segment of one axis: out[p][j - first][x] = sum over i of map[i][j] in[p][i][x] for j from `first`
// to before `last`, where a row of `in` has `in_stride` floats, one of `out` `out_stride`, x runs over
// `run` floats and p over `before`.
struct Product {
  const float* in;
  float* out;
  int64_t in_stride;
  int64_t out_stride;
  int64_t run;
  int64_t before;
  const otf_segment* segment;
  int first;
  int last;
};

void copy_segment(Engine& engine, const Product& p) {
  engine.pool.run(p.before, [&](int64_t row, int) {
    const float* in = p.in + row * p.in_stride;
    float* out = p.out + row * p.out_stride;
    for (int j = p.first; j < p.last; j++) {
      int64_t i = p.segment->kind == OTF_HARD ? p.segment->source[j] : j;
      std::memcpy(out + (j - p.first) * p.run, in + i * p.run, p.run * sizeof(float));
    }
  });
}

// Where a column (p, x) begins.
int64_t offset(const Product& p, int64_t column, int64_t stride) {
  return column / p.run * stride + column % p.run;
}

// How many columns from one on, at most `most`, lie beside each other in memory.
int together(const Product& p, int64_t column, int most) {
  return static_cast<int>(std::min<int64_t>(most, p.run - column % p.run));
}

// One tile of the product; its columns are the pairs (p, x).
void multiply_tile(const Kernels& kernels, const Product& p, int row, int rows, int64_t column,
                   int columns, Scratch& scratch) {
  int n = p.segment->n;
  int m = p.segment->m;
  size_t padded = static_cast<size_t>(columns + kernels.panel) * kDepth;
  size_t size = static_cast<size_t>(rows) * columns;
  scratch.reserve(Scratch::rounded<float>(static_cast<size_t>(rows) * kStride) +
                  Scratch::rounded<float>(padded) + Scratch::rounded<float>(size));
  float* left = scratch.take<float>(static_cast<size_t>(rows) * kStride);
  float* right = scratch.take<float>(padded);
  float* tile = scratch.take<float>(size);
  for (int k = 0; k < n; k += kDepth) {
    int depth = std::min(kDepth, n - k);
    for (int q = 0; q < depth; q++) {
      const float* from = p.segment->matrix + static_cast<int64_t>(k + q) * m + p.first + row;
      for (int r = 0; r < rows; r++) left[static_cast<int64_t>(r) * kStride + q] = from[r];
    }
    for (int c = 0, next = 0; c < columns; c = next) {
      int length = together(p, column + c, std::min(columns - c, kernels.panel - c % kernels.panel));
      next = c + length;
      float* panel = right + static_cast<int64_t>(c / kernels.panel) * depth * kernels.panel +
                     c % kernels.panel;
      const float* from = p.in + offset(p, column + c, p.in_stride) + static_cast<int64_t>(k) * p.run;
      for (int q = 0; q < depth; q++) {
        std::copy_n(from + q * p.run, length, panel + static_cast<int64_t>(q) * kernels.panel);
      }
    }
    for (int c = columns; c % kernels.panel != 0; c++) {
      float* panel = right + static_cast<int64_t>(c / kernels.panel) * depth * kernels.panel +
                     c % kernels.panel;
      for (int q = 0; q < depth; q++) panel[static_cast<int64_t>(q) * kernels.panel] = 0;
    }
    kernels.multiply(left, right, rows, columns, depth, tile, columns, k > 0);
  }
  for (int c = 0, next = 0; c < columns; c = next) {
    int length = together(p, column + c, columns - c);
    next = c + length;
    float* to = p.out + offset(p, column + c, p.out_stride) + static_cast<int64_t>(row) * p.run;
    for (int r = 0; r < rows; r++) {
      std::copy_n(tile + static_cast<int64_t>(r) * columns + c, length, to + r * p.run);
    }
  }
}

void multiply_segment(Engine& engine, const Product& p) {
  int size = p.last - p.first;
  int64_t row_tiles = (size + kTileRows - 1) / kTileRows;
  int64_t column_tiles = (p.before * p.run + kTileColumns - 1) / kTileColumns;
  engine.pool.run(row_tiles * column_tiles, [&](int64_t index, int worker) {
    int row = static_cast<int>(index % row_tiles) * kTileRows;
    int64_t column = index / row_tiles * kTileColumns;
    multiply_tile(engine.kernels, p, row, std::min(kTileRows, size - row), column,
                  static_cast<int>(std::min<int64_t>(kTileColumns, p.before * p.run - column)),
                  engine.scratch[worker]);
  });
}

// Applies an axis: targets from `first` to before `last` of rows [before,size,after], whole blocks.
void apply_axis(Engine& engine, const float* in, const otf_axis& axis, int64_t before, int64_t after,
                int64_t first, int64_t last, float* out) {
  int64_t from = 0;
  int64_t to = 0;
  for (int s = 0; s < axis.count; s++) {
    const otf_segment& segment = axis.segments[s];
    int64_t end = to + int64_t{segment.m} * segment.block;
    int64_t low = std::max(first, to);
    int64_t high = std::min(last, end);
    if (low < high) {
      Product product{in + from * after,
                      out + (low - first) * after,
                      source_size(axis) * after,
                      (last - first) * after,
                      segment.block * after,
                      before,
                      &segment,
                      static_cast<int>((low - to) / segment.block),
                      static_cast<int>((high - to) / segment.block)};
      if (segment.kind == OTF_SOFT) {
        multiply_segment(engine, product);
      } else {
        copy_segment(engine, product);
      }
    }
    from += int64_t{segment.n} * segment.block;
    to = end;
  }
}

}  // namespace

Softened soften(Engine& engine, const float* values, const otf_axis* axes, int rank, Slab slab,
                Scratch* scratch) {
  std::vector<int64_t> sizes(rank);
  Softened result{values, std::vector<otf_segment>(rank), {axes, axes + rank}};
  for (int a = 0; a < rank; a++) sizes[a] = source_size(axes[a]);
  int next = 0;
  auto apply = [&](int a, int64_t first, int64_t last) {
    int64_t before = 1;
    int64_t after = 1;
    for (int q = 0; q < a; q++) before *= sizes[q];
    for (int q = a + 1; q < rank; q++) after *= sizes[q];
    if (a == 0 && is_identity(axes[a])) {
      result.values += first * after;
    } else {
      size_t length = static_cast<size_t>(before * (last - first) * after);
      scratch[next].reserve(Scratch::rounded<float>(length));
      float* out = scratch[next].take<float>(length);
      next = 1 - next;
      apply_axis(engine, result.values, axes[a], before, after, first, last, out);
      result.values = out;
    }
    sizes[a] = last - first;
    int32_t size = static_cast<int32_t>(sizes[a]);
    result.segments[a] = {OTF_IDENTITY, size, size, 1, nullptr, nullptr};
    result.axes[a] = {&result.segments[a], 1};
  };
  if (slab.count < target_size(axes[slab.axis])) {
    apply(slab.axis, slab.first, slab.first + slab.count);
  }
  for (int a = rank - 1; a >= 0; a--) {
    if (is_soft(result.axes[a])) apply(a, 0, target_size(axes[a]));
  }
  return result;
}

int64_t slab_size(const otf_axis* axes, int rank, int axis) {
  constexpr int64_t kFloats = int64_t{1} << 20;
  constexpr int64_t kLeast = 32;
  int64_t row = 1;
  for (int a = 0; a < rank; a++) {
    if (a != axis) row *= std::max(source_size(axes[a]), target_size(axes[a]));
  }
  int64_t block = axes[axis].segments[0].block;
  for (int s = 1; s < axes[axis].count; s++) {
    if (axes[axis].segments[s].block != block) return target_size(axes[axis]);
  }
  return (std::max(kLeast, kFloats / std::max<int64_t>(row, 1)) + block - 1) / block * block;
}

}  // namespace otf
