#include "check.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

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

// otfuse_test [isa [part of a test's name]]
int main(int argc, char** argv) {
  check::isa = argc > 1 ? argv[1] : "";
  otf_engine* probe = nullptr;
  if (otf_engine_create(1, check::isa, &probe) != OTF_OK) {
    std::printf("skipped: %s\n", otf_last_error());
    return 77;
  }
  std::printf("code path %s\n", otf_engine_isa(probe));
  otf_engine_destroy(probe);
  for (const check::Test& test : check::tests()) {
    if (argc > 2 && std::strstr(test.name, argv[2]) == nullptr) continue;
    int before = check::failures;
    test.body();
    std::printf("%s %s\n", check::failures == before ? "ok  " : "FAIL", test.name);
  }
  return check::failures == 0 ? 0 : 1;
}
