// Averages, features and maps against loops over single entries in float64.
#include <cmath>
#include <numeric>

#include "check.h"

using check::Floats;

namespace {

struct Axis {
  std::vector<otf_segment> segments;
  std::vector<std::vector<int32_t>> hard;
  std::vector<Floats> soft;
  // map[s][t]: how much of source index s goes into target index t.
  std::vector<std::vector<double>> dense;

  void add(std::mt19937& random, int kind, int n, int m, int block) {
    otf_segment segment{kind, n, m, block, nullptr, nullptr};
    std::vector<std::vector<double>> map(n, std::vector<double>(m));
    if (kind == OTF_SOFT) {
      soft.push_back(check::uniform(random, int64_t{n} * m));
      segment.matrix = soft.back().data();
    } else if (kind == OTF_HARD) {
      hard.emplace_back(m);
      for (int32_t& i : hard.back()) i = static_cast<int32_t>(random() % n);
      segment.source = hard.back().data();
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        map[i][j] = kind == OTF_SOFT   ? segment.matrix[i * m + j]
                    : kind == OTF_HARD ? segment.source[j] == i
                                       : i == j;
      }
    }
    size_t rows = dense.size();
    size_t columns = rows == 0 ? 0 : dense[0].size();
    for (auto& row : dense) row.resize(columns + size_t(m) * block);
    for (int i = 0; i < n; i++) {
      for (int q = 0; q < block; q++) {
        dense.emplace_back(columns + size_t(m) * block);
        for (int j = 0; j < m; j++) dense.back()[columns + size_t(j) * block + q] = map[i][j];
      }
    }
    segments.push_back(segment);
  }

  otf_axis view() const { return {segments.data(), static_cast<int32_t>(segments.size())}; }
  int64_t source() const { return static_cast<int64_t>(dense.size()); }
  int64_t target() const { return static_cast<int64_t>(dense[0].size()); }
};

struct Tensor {
  std::vector<Axis> axes;
  std::vector<otf_axis> views;
  Floats values;

  void finish(std::mt19937& random) {
    int64_t size = 1;
    for (const Axis& axis : axes) {
      views.push_back(axis.view());
      size *= axis.source();
    }
    values = check::uniform(random, size, -1, 1);
  }

  // The whole tensor after all maps but that of `skipped`, which is left as it is.
  std::vector<double> aligned(int skipped = -1) const {
    std::vector<double> now(values.begin(), values.end());
    std::vector<int64_t> sizes;
    for (const Axis& axis : axes) sizes.push_back(axis.source());
    for (size_t a = 0; a < axes.size(); a++) {
      if (static_cast<int>(a) == skipped) continue;
      int64_t before = std::accumulate(sizes.begin(), sizes.begin() + a, int64_t{1}, std::multiplies<>());
      int64_t after = std::accumulate(sizes.begin() + a + 1, sizes.end(), int64_t{1}, std::multiplies<>());
      int64_t n = axes[a].source(), m = axes[a].target();
      std::vector<double> next(before * m * after);
      for (int64_t p = 0; p < before; p++) {
        for (int64_t s = 0; s < n; s++) {
          for (int64_t t = 0; t < m; t++) {
            if (axes[a].dense[s][t] == 0) continue;
            for (int64_t x = 0; x < after; x++) {
              next[(p * m + t) * after + x] += axes[a].dense[s][t] * now[(p * n + s) * after + x];
            }
          }
        }
      }
      now.swap(next);
      sizes[a] = m;
    }
    return now;
  }
};

void compare_average(std::vector<Tensor>& tensors, const Floats& weights, double tolerance) {
  std::vector<otf_source> sources;
  std::vector<double> expected;
  for (size_t k = 0; k < tensors.size(); k++) {
    std::vector<double> part = tensors[k].aligned();
    expected.resize(part.size());
    for (size_t i = 0; i < part.size(); i++) expected[i] += double{weights[k]} * part[i];
    sources.push_back({tensors[k].values.data(), tensors[k].views.data(),
                       static_cast<int32_t>(tensors[k].views.size()), weights[k]});
  }
  check::Output target(static_cast<int64_t>(expected.size()));
  otf_average_task task{target.data(), sources.data(), static_cast<int32_t>(sources.size()),
                        static_cast<int64_t>(target.size())};
  CHECK(otf_average(check::Engine(), &task, 1) == OTF_OK);
  for (size_t i = 0; i < target.size(); i++) CHECK_NEAR(target[i], expected[i], tolerance);
}

Tensor convolution(std::mt19937& random, int kind, int n, int m, int p, int q, int kernel) {
  Tensor t;
  t.axes.resize(3);
  t.axes[0].add(random, kind, n, m, 1);
  t.axes[1].add(random, kind, p, q, 1);
  t.axes[2].add(random, OTF_IDENTITY, kernel, kernel, 1);
  t.finish(random);
  return t;
}

TEST(hardMapsOfTwoAxesAndThreeModelsAreOneGather) {
  std::mt19937 random(30);
  for (int m : {1, 15, 16, 17, 33}) {
    for (int kernel : {1, 9, 20}) {
      std::vector<Tensor> tensors;
      for (int k = 0; k < 3; k++) {
        tensors.push_back(convolution(random, k == 0 ? OTF_IDENTITY : OTF_HARD, k == 0 ? m : m + k, m,
                                      k == 0 ? 31 : 30 + 2 * k, 31, kernel));
      }
      compare_average(tensors, {0.5f, 0.25f, 0.25f}, 1e-6);
    }
  }
}

TEST(largeTargetsAreWrittenWhole) {
  std::mt19937 random(31);
  std::vector<Tensor> tensors;
  for (int k = 0; k < 2; k++) tensors.push_back(convolution(random, OTF_HARD, 37, 37, 500, 500, 60));
  std::vector<otf_source> sources;
  for (Tensor& t : tensors) sources.push_back({t.values.data(), t.views.data(), 3, 0.5f});
  check::Output target(37 * 500 * 60 + 1);
  otf_average_task task{target.data() + 1, sources.data(), 2, 37 * 500 * 60};
  CHECK(otf_average(check::Engine(), &task, 1) == OTF_OK);
  bool good = true;
  for (int o = 0; o < 37; o++) {
    for (int i = 0; i < 500; i++) {
      for (int x = 0; x < 60; x++) {
        double expected = 0;
        for (Tensor& t : tensors) {
          expected += 0.5 * t.values[(t.axes[0].hard[0][o] * 500 + t.axes[1].hard[0][i]) * 60 + x];
        }
        good &= std::abs(target[1 + (o * 500 + i) * 60 + x] - expected) < 1e-6;
      }
    }
  }
  CHECK(good);
}

TEST(softMapsAreProductsOnEveryAxis) {
  std::mt19937 random(32);
  for (int m : {1, 17, 40, 300}) {
    std::vector<Tensor> tensors;
    tensors.push_back(convolution(random, OTF_IDENTITY, m, m, 19, 19, 9));
    tensors.push_back(convolution(random, OTF_SOFT, m + 3, m, 21, 19, 9));
    tensors.push_back(convolution(random, OTF_HARD, m + 3, m, 21, 19, 9));
    compare_average(tensors, {0.25f, 0.25f, 0.5f}, 1e-5 * m * 19);
  }
}

TEST(blocksAndSegmentsMoveTogether) {
  std::mt19937 random(33);
  for (int kind : {OTF_HARD, OTF_SOFT}) {
    for (int block : {4, 49}) {
      Tensor t;
      t.axes.resize(2);
      t.axes[0].add(random, kind, 12, 10, 1);
      t.axes[1].add(random, kind, 7, 8, block);
      t.axes[1].add(random, OTF_IDENTITY, 5, 5, 4);
      t.axes[1].add(random, OTF_HARD, 3, 2, 4);
      t.finish(random);
      std::vector<Tensor> tensors;
      tensors.push_back(std::move(t));
      compare_average(tensors, {1.0f}, 1e-4);
    }
  }
}

TEST(aWeightOfZeroLeavesTheOtherBitForBit) {
  std::mt19937 random(34);
  Tensor a = convolution(random, OTF_HARD, 6, 6, 5, 5, 9);
  Tensor b = convolution(random, OTF_IDENTITY, 6, 6, 5, 5, 9);
  b.values[3] = -0.0f;
  otf_source sources[] = {{a.values.data(), a.views.data(), 3, 0.0f},
                          {b.values.data(), b.views.data(), 3, 1.0f}};
  check::Output target(270);
  otf_average_task task{target.data(), sources, 2, 270};
  CHECK(otf_average(check::Engine(), &task, 1) == OTF_OK);
  for (int i = 0; i < 270; i++) {
    CHECK(target[i] == b.values[i] && std::signbit(target[i]) == std::signbit(b.values[i]));
  }
}

void compare_features(std::mt19937& random, const Tensor& t, int output, int first, int rows) {
  int outputs = static_cast<int>(t.axes[output].source());
  std::vector<double> all = t.aligned(output);
  int64_t after = 1, before = 1;
  for (size_t a = 0; a < t.axes.size(); a++) {
    if (static_cast<int>(a) != output) {
      (static_cast<int>(a) < output ? before : after) *= t.axes[a].target();
    }
  }
  int columns = static_cast<int>(before * after);
  Floats scale = check::uniform(random, rows);
  check::Output target(int64_t{rows} * (columns + 5));
  otf_feature_task task{t.values.data(), t.views.data(), scale.data(), target.data(),
                        static_cast<int32_t>(t.views.size()), output, first, rows, columns + 5, 2};
  CHECK(otf_features(check::Engine(), &task, 1) == OTF_OK);
  for (int r = 0; r < rows; r++) {
    const float* row = target.data() + int64_t{r} * (columns + 5);
    CHECK(std::isnan(row[1]) && std::isnan(row[2 + columns]));
    for (int64_t p = 0; p < before; p++) {
      for (int64_t x = 0; x < after; x++) {
        double expected = scale[r] * all[(p * outputs + first + r) * after + x];
        CHECK_NEAR(row[2 + p * after + x], expected, 1e-4);
      }
    }
  }
}

TEST(featureRowsHoldTheOtherAxesAfterTheirMaps) {
  std::mt19937 random(35);
  for (int kind : {OTF_HARD, OTF_SOFT}) {
    for (int output = 0; output < 3; output++) {
      Tensor t;
      t.axes.resize(3);
      for (int a = 0; a < 3; a++) t.axes[a].add(random, kind, 9 + a, 11 - a, 1);
      t.axes[1].add(random, OTF_IDENTITY, 2, 2, 3);
      t.finish(random);
      compare_features(random, t, output, 2, static_cast<int>(t.axes[output].source()) - 3);
    }
  }
}

TEST(largeTensorsUnderSoftMapsAreWorkedOutInSlabs) {
  std::mt19937 random(37);
  for (int rows_first : {1, 0}) {
    Tensor t;
    t.axes.resize(4);
    t.axes[1 - rows_first].add(random, OTF_SOFT, 100, 90, 1);
    t.axes[rows_first].add(random, OTF_SOFT, 6, 5, 1);
    t.axes[2].add(random, OTF_IDENTITY, 50, 50, 1);
    t.axes[3].add(random, OTF_IDENTITY, 42, 42, 1);
    t.finish(random);
    compare_features(random, t, 1 - rows_first, 3, 95);
    std::vector<Tensor> tensors;
    tensors.push_back(std::move(t));
    compare_average(tensors, {1.0f}, 1e-3);
  }
  std::vector<Tensor> tensors(1);  // a slab must not end within a block of the first axis
  tensors[0].axes.resize(3);
  tensors[0].axes[0].add(random, OTF_SOFT, 14, 13, 10);
  tensors[0].axes[1].add(random, OTF_IDENTITY, 120, 120, 1);
  tensors[0].axes[2].add(random, OTF_IDENTITY, 110, 110, 1);
  tensors[0].finish(random);
  compare_average(tensors, {1.0f}, 1e-4);
}

TEST(mapsSumToOneAndSpreadEvenlyWhereThereIsNoMass) {
  std::mt19937 random(36);
  for (int n : {1, 15, 17, 33}) {
    for (int m : {2, 16, 31}) {
      Floats plan = check::uniform(random, n * m);
      for (int i = 0; i < n; i++) plan[i * m + 1] = 0;
      if (n > 1) std::fill_n(plan.begin(), m, 0.0f);
      check::Output p(n * m), q(n * m);
      otf_map_task task{plan.data(), p.data(), q.data(), n, m};
      CHECK(otf_maps(check::Engine(), &task, 1) == OTF_OK);
      for (int j = 0; j < m; j++) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += plan[i * m + j];
        for (int i = 0; i < n; i++) {
          CHECK_NEAR(p[i * m + j], sum > 0 ? plan[i * m + j] / sum : 1.0 / n, 1e-6);
        }
      }
      for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < m; j++) sum += plan[i * m + j];
        for (int j = 0; j < m; j++) {
          CHECK_NEAR(q[i * m + j], sum > 0 ? plan[i * m + j] / sum : 1.0 / m, 1e-6);
        }
      }
    }
  }
}

}  // namespace
