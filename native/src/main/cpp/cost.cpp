// Pairwise costs |x|^2 + |y|^2 - 2xy (Singh and Jaggi 2020, section 4): a blocked matrix product
// with the distance as its epilogue. A strip of at most kDepth feature columns of both sides is put
// together, centred by the mean of y and packed, then its product is added to the result: work space
// is two strips, whatever the number of features. Where the three terms cancel or may leave float's
// range, the distance is taken again in double, from the difference of the rows.
#include "cost.h"

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <limits>

namespace otf {
namespace {

// Below this share of |x|^2 + |y|^2 a squared distance has lost too many digits.
constexpr float kNear = 1.0f / 64;
// Norms and distances, squared, within which products of floats neither overflow nor lose what
// underflows: a sum of d products is off by at most d 2^-150.
constexpr float kSmall = 0x1p-80f;
constexpr float kLarge = 0x1p120f;
// A mean beyond this is that of a few huge values, and would only take the others' digits away.
constexpr double kFarthestMean = 0x1p50;
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();
// Rows that are packed, tiles that are multiplied and rows that are finished at once.
constexpr int kPackedRows = 32;
constexpr int kProductRows = 56;
constexpr int kProductColumns = 128;
constexpr int kFinishedRows = 16;
// Multiply-adds of a task that is worth all threads where there are too few tasks to go round, and of
// one that always is.
constexpr double kWorthSharing = 0x1p20;
constexpr double kAlwaysShared = 0x1p27;

// Some columns of a block, as many as a strip holds.
struct Strip {
  int block;
  int column;  // within the block
  int depth;
};

// Beyond float's range a distance is infinite.
float narrowed(double distance) {
  return distance > FLT_MAX ? std::numeric_limits<float>::infinity() : static_cast<float>(distance);
}

class Pairwise {
 public:
  // With a pool the task is worked on by all of its threads.
  Pairwise(const Kernels& kernels, Pool* pool, const PairwiseTask& task)
      : k_(kernels), pool_(pool), task_(task), cosine_(task.metric == OTF_COSINE) {
    for (size_t b = 0; b < task.y->size(); b++) {
      int columns = (*task.y)[b].columns;
      int strips = (columns + kDepth - 1) / kDepth;
      int even = strips == 0 ? 1 : (columns + strips - 1) / strips;
      int depth = std::min(kDepth, (even + 15) / 16 * 16);
      for (int c = 0; c < columns; c += depth) {
        strips_.push_back({static_cast<int>(b), c, std::min(depth, columns - c)});
      }
    }
  }

  void solve(Scratch& scratch) {
    if (task_.n == 0 || task_.m == 0) return;
    lay_out(scratch);
    if (!cosine_) centre();
    if (strips_.empty()) std::fill_n(task_.cost, static_cast<int64_t>(task_.n) * task_.m, 0.0f);
    for (size_t s = 0; s < strips_.size(); s++) {
      pack(strips_[s], cosine_ ? nullptr : mean_ + s * kDepth);
      multiply(strips_[s].depth, s > 0);
    }
    finish();
  }

  // The largest |feature| that solve() came across.
  float largest() const { return largest_; }

 private:
  template <class Body>
  void each(int64_t count, Body&& body) {
    if (pool_ != nullptr) {
      pool_->run(count, [&](int64_t index, int) { body(static_cast<int>(index)); });
    } else {
      for (int64_t index = 0; index < count; index++) body(static_cast<int>(index));
    }
  }

  static int pieces(int length, int piece) { return length / piece + (length % piece != 0 ? 1 : 0); }

  // Raises largest_, with not-a-number above all.
  void raise(float magnitude) {
    float before = largest_.load(std::memory_order_relaxed);
    while (!(magnitude <= before) && !std::isnan(before) &&
           !largest_.compare_exchange_weak(before, magnitude, std::memory_order_relaxed)) {
    }
  }

  void lay_out(Scratch& scratch) {
    size_t left = static_cast<size_t>(task_.n) * kStride;
    size_t right = static_cast<size_t>(pieces(task_.m, k_.panel)) * k_.panel * kDepth;
    size_t mean = cosine_ ? 0 : strips_.size() * kDepth;
    scratch.reserve(Scratch::rounded<float>(left) + Scratch::rounded<float>(right) +
                    Scratch::rounded<float>(mean) + Scratch::rounded<double>(task_.n) +
                    Scratch::rounded<double>(task_.m) + Scratch::rounded<float>(task_.m));
    left_ = scratch.take<float>(left);
    right_ = scratch.take<float>(right);
    mean_ = scratch.take<float>(mean);
    left_norms_ = scratch.take<double>(task_.n);
    right_norms_ = scratch.take<double>(task_.m);
    right_terms_ = scratch.take<float>(task_.m);
    std::fill_n(left_norms_, task_.n, 0.0);
    std::fill_n(right_norms_, task_.m, 0.0);
  }

  // A strip of at most kPackedRows rows: where it lies, or put together in `buffer`.
  const float* piece(const RowBlock& block, const Strip& strip, int row, int rows, float* buffer,
                     ptrdiff_t* stride) const {
    if (block.plain(strip.column, strip.depth)) {
      *stride = block.stride;
      return block.values + row * block.stride + strip.column;
    }
    block.fetch(k_, row, rows, strip.column, strip.depth, buffer, kDepth);
    *stride = kDepth;
    return buffer;
  }

  void centre() {
    each(static_cast<int64_t>(strips_.size()), [&](int s) {
      alignas(64) float buffer[kPackedRows * kDepth];
      const Strip& strip = strips_[s];
      double total[kDepth] = {};
      for (int row = 0; row < task_.m; row += kPackedRows) {
        int rows = std::min(kPackedRows, task_.m - row);
        ptrdiff_t stride = 0;
        const float* from = piece((*task_.y)[strip.block], strip, row, rows, buffer, &stride);
        k_.sum_rows(from, stride, rows, strip.depth, total);
      }
      for (int c = 0; c < strip.depth; c++) {
        double mean = total[c] / task_.m;
        mean_[s * kDepth + c] = std::abs(mean) <= kFarthestMean ? static_cast<float>(mean) : 0.0f;
      }
    });
  }

  void pack(const Strip& strip, const float* mean) {
    const RowBlock& x = (*task_.x)[strip.block];
    const RowBlock& y = (*task_.y)[strip.block];
    int left = pieces(task_.n, kPackedRows);
    each(left + pieces(task_.m, kPackedRows), [&](int index) {
      alignas(64) float buffer[kPackedRows * kDepth];
      ptrdiff_t stride = 0;
      if (index < left) {
        int row = index * kPackedRows;
        int rows = std::min(kPackedRows, task_.n - row);
        const float* from = piece(x, strip, row, rows, buffer, &stride);
        raise(k_.pack_left(from, stride, rows, strip.depth, mean,
                           left_ + static_cast<ptrdiff_t>(row) * kStride, left_norms_ + row));
      } else {
        int row = (index - left) * kPackedRows;
        int rows = std::min(kPackedRows, task_.m - row);
        const float* from = piece(y, strip, row, rows, buffer, &stride);
        raise(k_.pack_right(from, stride, rows, strip.depth, mean,
                            right_ + static_cast<ptrdiff_t>(row) * strip.depth, right_norms_ + row));
      }
    });
  }

  void multiply(int depth, bool add) {
    int rows = pieces(task_.n, kProductRows);
    int columns = pieces(task_.m, kProductColumns);
    each(int64_t{rows} * columns, [&](int index) {
      int row = index % rows * kProductRows;
      int column = index / rows * kProductColumns;
      k_.multiply(left_ + static_cast<ptrdiff_t>(row) * kStride,
                  right_ + static_cast<ptrdiff_t>(column) * depth,
                  std::min(kProductRows, task_.n - row), std::min(kProductColumns, task_.m - column),
                  depth, task_.cost + static_cast<ptrdiff_t>(row) * task_.m + column, task_.m, add);
    });
  }

  // What a squared norm adds to a distance or multiplies a product by; not-a-number makes the kernels
  // ask for the row again.
  float term(double norm) const {
    if (!cosine_) return norm <= kLarge ? static_cast<float>(norm) : kNotANumber;
    if (norm == 0) return 0;
    return norm >= kSmall && norm <= kLarge ? static_cast<float>(1 / std::sqrt(norm)) : kNotANumber;
  }

  void finish() {
    for (int j = 0; j < task_.m; j++) right_terms_[j] = term(right_norms_[j]);
    each(pieces(task_.n, kFinishedRows), [&](int index) {
      int first = index * kFinishedRows;
      for (int i = first; i < std::min(task_.n, first + kFinishedRows); i++) finish_row(i);
    });
  }

  void finish_row(int i) {
    bool root = task_.metric == OTF_EUCLIDEAN;
    float own = term(left_norms_[i]);
    float* row = task_.cost + static_cast<ptrdiff_t>(i) * task_.m;
    bool good = cosine_ ? k_.cosines(row, own, right_terms_, task_.m, kNear)
                        : k_.distances(row, own, right_terms_, task_.m, kNear, kSmall, root);
    if (good) return;
    std::vector<int> columns;
    for (int j = 0; j < task_.m; j++) {
      if (is_doubtful(left_norms_[i], right_norms_[j], row[j])) columns.push_back(j);
    }
    std::vector<double> squared = differences(i, columns);
    for (size_t c = 0; c < columns.size(); c++) {
      row[columns[c]] = narrowed(cosine_ ? squared[c] / 2 : root ? std::sqrt(squared[c]) : squared[c]);
    }
  }

  // Whether a distance has to be taken again. Settles what a row of zeros has.
  bool is_doubtful(double left, double right, float& distance) const {
    if (cosine_) {
      bool zero = left * right == 0;
      if (zero) distance = 1;
      return !zero && !(distance >= kNear);
    }
    if (left + right == 0) return false;
    double squared = task_.metric == OTF_EUCLIDEAN ? double{distance} * distance : distance;
    return !(squared >= std::max(kNear * (left + right), double{kSmall}) * 1.001);
  }

  // Squared distances of row i of x and some rows of y, the rows scaled to length 1 for the cosine.
  std::vector<double> differences(int i, const std::vector<int>& columns) const {
    std::vector<double> squared(columns.size());
    auto scale = [&](double norm) { return cosine_ ? 1 / std::sqrt(norm) : 1; };
    alignas(64) float x_buffer[kDepth];
    alignas(64) float y_buffer[kDepth];
    for (const Strip& strip : strips_) {
      ptrdiff_t stride = 0;
      const float* x = piece((*task_.x)[strip.block], strip, i, 1, x_buffer, &stride);
      for (size_t c = 0; c < columns.size(); c++) {
        int j = columns[c];
        const float* y = piece((*task_.y)[strip.block], strip, j, 1, y_buffer, &stride);
        squared[c] += k_.squared_distance(x, scale(left_norms_[i]), y, scale(right_norms_[j]),
                                          strip.depth);
      }
    }
    return squared;
  }

  const Kernels& k_;
  Pool* pool_;
  const PairwiseTask& task_;
  bool cosine_;
  std::vector<Strip> strips_;
  float* left_ = nullptr;   // a strip of x [n,kStride]
  float* right_ = nullptr;  // a strip of y in panels
  float* mean_ = nullptr;   // of y's columns, kDepth for each strip
  double* left_norms_ = nullptr;
  double* right_norms_ = nullptr;
  float* right_terms_ = nullptr;  // norms, or their inverse roots
  std::atomic<float> largest_{0};
};

double work(const otf_cost_task& task) { return static_cast<double>(task.n) * task.m * task.d; }

void solve(const Kernels& kernels, Pool* pool, const otf_cost_task& task, Scratch& scratch) {
  FeatureRows x = plain_rows(task.x, task.d);
  FeatureRows y = plain_rows(task.y, task.d);
  PairwiseTask pairs{&x, &y, task.cost, task.n, task.m, task.metric};
  Pairwise(kernels, pool, pairs).solve(scratch);
}

}  // namespace

float pairwise(Engine& engine, const PairwiseTask& task) {
  Pairwise pairs(engine.kernels, &engine.pool, task);
  pairs.solve(engine.shared);
  return pairs.largest();
}

void cost(Engine& engine, const otf_cost_task* tasks, int count) {
  int threads = engine.pool.size();
  std::vector<int> small;
  for (int t = 0; t < count; t++) {
    double operations = work(tasks[t]);
    if (threads > 1 &&
        (operations >= kAlwaysShared || (operations >= kWorthSharing && count < 2 * threads))) {
      solve(engine.kernels, &engine.pool, tasks[t], engine.shared);
    } else {
      small.push_back(t);
    }
  }
  // The longest first, so that no thread starts one when the others have finished.
  std::stable_sort(small.begin(), small.end(),
                   [&](int p, int q) { return work(tasks[p]) > work(tasks[q]); });
  engine.pool.run(static_cast<int64_t>(small.size()), [&](int64_t index, int worker) {
    solve(engine.kernels, nullptr, tasks[small[index]], engine.scratch[worker]);
  });
}

}  // namespace otf
