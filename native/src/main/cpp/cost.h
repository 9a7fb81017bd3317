// Pairwise costs of feature rows that need not lie in memory as a matrix.
#pragma once

#include "rows.h"

namespace otf {

// cost[i,j] is the distance between row i of x and row j of y; both have blocks of the same sizes.
struct PairwiseTask {
  const FeatureRows* x;
  const FeatureRows* y;
  float* cost;  // [n,m], written
  int n;
  int m;
  int metric;
};

// Solves one task on all threads; returns the largest |feature|, not finite where one of them is not.
float pairwise(Engine& engine, const PairwiseTask& task);

}  // namespace otf
