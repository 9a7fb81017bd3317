#include "check.h"

#include <cmath>
#include <cstdlib>

namespace check {

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

int failures = 0;
const char* isa = "";

Engine::Engine(int threads) {
  if (otf_engine_create(threads, isa, &engine_) != OTF_OK) {
    std::fprintf(stderr, "%s\n", otf_last_error());
    std::exit(1);
  }
}

Engine::~Engine() { otf_engine_destroy(engine_); }

Floats uniform(std::mt19937& random, int64_t count, float low, float high) {
  std::uniform_real_distribution<float> draw(low, high);
  Floats values(count);
  for (float& value : values) value = draw(random);
  return values;
}

Floats marginal(std::mt19937* random, int count) {
  Floats values = random == nullptr ? Floats(count, 1.0f) : uniform(*random, count, 0.1f, 1.0f);
  double total = 0;
  for (float value : values) total += value;
  for (float& value : values) value = static_cast<float>(value / total);
  return values;
}

void report(bool good, const char* file, int line, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
  failures++;
}

}  // namespace check
