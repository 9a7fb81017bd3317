// Pairwise costs against float64 differences.
#include <cfloat>
#include <cmath>
#include <limits>

#include "check.h"

using check::Floats;

namespace {

constexpr int kSizes[] = {1, 15, 16, 17, 31, 33, 63, 65};

double reference(const float* x, const float* y, int d, int metric) {
  double squared = 0;
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (int k = 0; k < d; k++) {
    double difference = double{x[k]} - y[k];
    squared += difference * difference;
    xx += double{x[k]} * x[k];
    yy += double{y[k]} * y[k];
    xy += double{x[k]} * y[k];
  }
  if (metric == OTF_COSINE) return xx == 0 || yy == 0 ? 1 : 1 - xy / std::sqrt(xx * yy);
  return metric == OTF_EUCLIDEAN ? std::sqrt(squared) : squared;
}

void compare(const Floats& x, const Floats& y, int n, int m, int d, double relative,
             double absolute) {
  check::Engine engine;
  for (int metric : {OTF_EUCLIDEAN, OTF_SQEUCLIDEAN, OTF_COSINE}) {
    check::Output cost(int64_t{n} * m);
    otf_cost_task task{x.data(), y.data(), cost.data(), n, m, d, metric};
    CHECK(otf_cost(engine, &task, 1) == OTF_OK);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double expected = reference(&x[size_t(i) * d], &y[size_t(j) * d], d, metric);
        CHECK_NEAR(cost[size_t(i) * m + j], expected, relative * expected + absolute);
      }
    }
  }
}

TEST(costsAgreeWithDifferencesInDoubleAroundEveryVectorBoundary) {
  std::mt19937 random(1);
  for (int n : kSizes) {
    for (int m : kSizes) {
      int d = kSizes[(n + m) % 8];
      compare(check::uniform(random, int64_t{n} * d, -1, 1),
              check::uniform(random, int64_t{m} * d, -1, 1), n, m, d, 1e-5, 2e-7);
    }
  }
}

TEST(costsOfSeveralBlocksOfFeaturesAndTilesAgree) {
  std::mt19937 random(2);
  for (int d : {255, 256, 257, 777}) {
    compare(check::uniform(random, int64_t{300} * d, -1, 1),
            check::uniform(random, int64_t{270} * d, -1, 1), 300, 270, d, 1e-5, 3e-7);
  }
}

TEST(rowsFarFromTheOriginAndEqualRowsKeepTheirDistances) {
  std::mt19937 random(3);
  int d = 100;
  Floats x = check::uniform(random, 40 * d, 99, 101);
  Floats y = check::uniform(random, 50 * d, 99, 101);
  std::copy_n(x.begin(), d, y.begin() + 7 * d);
  check::Engine engine;
  check::Output cost(40 * 50);
  otf_cost_task task{x.data(), y.data(), cost.data(), 40, 50, d, OTF_EUCLIDEAN};
  CHECK(otf_cost(engine, &task, 1) == OTF_OK);
  CHECK(cost[7] == 0);
  for (int i = 0; i < 40; i++) {
    for (int j = 0; j < 50; j++) {
      double expected = reference(&x[i * d], &y[j * d], d, OTF_EUCLIDEAN);
      CHECK_NEAR(cost[i * 50 + j], expected, 2e-5 * expected);
    }
  }
}

TEST(zeroRowsAreAtCosineDistanceOne) {
  check::Engine engine;
  Floats x(2 * 3, 0.0f);
  Floats y(2 * 3, 0.0f);
  y[0] = 1;
  check::Output cost(4);
  otf_cost_task task{x.data(), y.data(), cost.data(), 2, 2, 3, OTF_COSINE};
  CHECK(otf_cost(engine, &task, 1) == OTF_OK);
  for (float value : cost) CHECK(value == 1);
}

TEST(costsDependNeitherOnThreadsNorOnTheBatch) {
  std::mt19937 random(4);
  int n = 150;
  int m = 200;
  int d = 300;
  Floats x = check::uniform(random, n * d);
  Floats y = check::uniform(random, m * d);
  check::Output alone(n * m);
  otf_cost_task task{x.data(), y.data(), alone.data(), n, m, d, OTF_EUCLIDEAN};
  CHECK(otf_cost(check::Engine(1), &task, 1) == OTF_OK);
  for (int threads : {2, 5}) {
    check::Output other(n * m);
    check::Output same(n * m);
    otf_cost_task both[] = {{y.data(), x.data(), other.data(), m, n, d, OTF_EUCLIDEAN},
                            {x.data(), y.data(), same.data(), n, m, d, OTF_EUCLIDEAN}};
    CHECK(otf_cost(check::Engine(threads), both, 2) == OTF_OK);
    CHECK(same == alone);
  }
}

// Every entry, none left to the magnitude of others; beyond float's range a distance is infinite.
void compare_whatever_the_magnitude(const Floats& x, const Floats& y, int n, int m, int d) {
  check::Engine engine;
  for (int metric : {OTF_EUCLIDEAN, OTF_SQEUCLIDEAN, OTF_COSINE}) {
    check::Output cost(int64_t{n} * m);
    otf_cost_task task{x.data(), y.data(), cost.data(), n, m, d, metric};
    CHECK(otf_cost(engine, &task, 1) == OTF_OK);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        double expected = reference(&x[size_t(i) * d], &y[size_t(j) * d], d, metric);
        float actual = cost[size_t(i) * m + j];
        if (metric != OTF_COSINE && expected > FLT_MAX) {
          CHECK(actual == std::numeric_limits<float>::infinity());
        } else if (metric == OTF_COSINE) {
          CHECK_NEAR(actual, expected, 3e-7);
        } else {
          CHECK(std::abs(actual - expected) <= 2e-5 * expected + FLT_TRUE_MIN);
        }
      }
    }
  }
}

Floats scaled(Floats values, int first, int count, float factor) {
  for (int i = first; i < first + count; i++) values[i] *= factor;
  return values;
}

TEST(distancesAreRightWhateverMagnitudesStandBesideThem) {
  std::mt19937 random(5);
  int n = 19;
  int m = 35;
  for (int d : {1, 33, 300}) {
    Floats x = check::uniform(random, n * d, -1, 1);
    Floats y = check::uniform(random, m * d, -1, 1);
    for (float factor : {1e20f, 3e38f, 1e15f, 1e-25f, 1e-38f, 0.0f}) {
      compare_whatever_the_magnitude(scaled(x, 4 * d, d, factor), y, n, m, d);
      compare_whatever_the_magnitude(x, scaled(y, 7 * d, d, factor), n, m, d);
      compare_whatever_the_magnitude(scaled(x, 0, d, factor), scaled(y, 34 * d, d, factor), n, m, d);
    }
    for (float factor : {1e19f, 3e38f, 1e-13f, 1e-19f, 1e-25f, 1e-38f}) {
      compare_whatever_the_magnitude(scaled(x, 0, n * d, factor), scaled(y, 0, m * d, factor), n, m, d);
    }
  }
}

TEST(rowsFarFromTheOriginKeepTheirDistancesAtAnyMagnitude) {
  std::mt19937 random(6);
  int d = 40;
  for (float factor : {1e-30f, 1e10f, 1e16f, 1e30f}) {
    Floats x = scaled(check::uniform(random, 18 * d, 99, 101), 0, 18 * d, factor);
    Floats y = scaled(check::uniform(random, 20 * d, 99, 101), 0, 20 * d, factor);
    std::copy_n(x.begin(), d, y.begin() + 7 * d);
    compare_whatever_the_magnitude(x, y, 18, 20, d);
  }
}

TEST(featuresThatAreNotFiniteSpoilTheirOwnPairsOnly) {
  std::mt19937 random(7);
  int n = 20;
  int d = 50;
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Floats x = check::uniform(random, n * d, -1, 1);
    Floats y = check::uniform(random, n * d, -1, 1);
    std::fill_n(x.begin() + 2 * d, d, 0.0f);
    x[5 * d + 3] = bad;
    y[8 * d + 49] = -bad;
    check::Engine engine;
    for (int metric : {OTF_EUCLIDEAN, OTF_SQEUCLIDEAN, OTF_COSINE}) {
      check::Output cost(n * n);
      otf_cost_task task{x.data(), y.data(), cost.data(), n, n, d, metric};
      CHECK(otf_cost(engine, &task, 1) == OTF_OK);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          float actual = cost[i * n + j];
          if (i == 5 || j == 8) {
            CHECK(!std::isfinite(actual));
          } else {
            double expected = reference(&x[i * d], &y[j * d], d, metric);
            CHECK_NEAR(actual, expected, 1e-5 * expected + 3e-7);
          }
        }
      }
    }
  }
}

}  // namespace
