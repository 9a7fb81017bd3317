#include "numbers.h"

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace otf {
namespace {

// Below this the inverse of a sum of masses may leave float's range.
constexpr float kLeastMass = 1e-30f;

bool is_finite(float x) { return std::abs(x) <= FLT_MAX; }

std::string text(float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.7g", value);
  return buffer;
}

[[noreturn]] void refuse(const std::string& what, int problem, float value, const char* expected) {
  throw OutOfRange(what + " of problem " + std::to_string(problem) + " is " + text(value) +
                   ", expected " + expected + ".");
}

std::string entry(const char* kind, char name, int index) {
  return std::string(kind) + name + "[" + std::to_string(index) + "]";
}

// All are looked at without a branch before one that is bad is looked for.
template <class Good>
int first_bad(const float* values, int n, Good&& good) {
  int bad = 0;
  for (int i = 0; i < n; i++) bad |= !good(values[i]);
  for (int i = 0; i < n && bad != 0; i++) {
    if (!good(values[i])) return i;
  }
  return -1;
}

}  // namespace

void refuse_cost(const float* cost, int n, int m, int problem) {
  int64_t at = 0;
  while (at < int64_t{n} * m - 1 && is_finite(cost[at])) at++;
  refuse("Cost [" + std::to_string(at / m) + "," + std::to_string(at % m) + "]", problem, cost[at],
         "a finite number");
}

void check_masses(char name, const float* masses, int n, int problem) {
  int i = first_bad(masses, n, [](float x) { return (x >= kLeastMass) & (x <= FLT_MAX); });
  if (i < 0) return;
  bool tiny = masses[i] > 0 && is_finite(masses[i]);
  refuse(entry("Mass ", name, i), problem, masses[i],
         tiny ? "a finite number of at least 1e-30" : "a finite number above 0");
}

void check_potentials(char name, const float* potentials, int n, int problem) {
  int i = first_bad(potentials, n, is_finite);
  if (i >= 0) refuse(entry("Potential ", name, i), problem, potentials[i], "a finite number");
}

}  // namespace otf
