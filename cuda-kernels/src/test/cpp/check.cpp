#include "check.h"

#include <cstdlib>
#include <cstring>

namespace check {
namespace {

struct Test {
  std::string file;
  const char* name;
  void (*body)();
};

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

int failures = 0;

// A file's name without folders and ending.
std::string stem(const char* path) {
  const char* slash = std::strrchr(path, '/');
  const std::string file = slash ? slash + 1 : path;
  return file.substr(0, file.find('.'));
}

// Two seeds of each of the five thread orders; poison as not-a-number, then as a number. Builds that
// watch what a kernel does, rather than what comes of an order, make do with two.
#ifdef OTFUSE_FEW_SEEDS
constexpr uint64_t seeds[] = {0, 8};
#else
constexpr uint64_t seeds[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
#endif
constexpr uint32_t poisons[] = {0xffffffffu, 0x3f8ccccdu};

}  // namespace

void add(const char* file, const char* name, void (*body)()) {
  tests().push_back({stem(file), name, body});
}

void report(bool good, const char* file, int line, const std::string& what) {
  if (good) return;
  failures++;
  std::printf("%s:%d: %s\n", file, line, what.c_str());
}

void give_up(const char* why) {
  for (int i = 0; i < ote_reports(); i++) std::printf("%s\n", ote_report(i));
  std::printf("given up: %s\n", why);
  std::exit(1);
}

Floats uniform(std::mt19937& random, int64_t count, float low, float high) {
  Floats values(static_cast<size_t>(count));
  for (float& value : values)
    value = low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
  return values;
}

Floats same_bits(const std::string& what, const std::function<Floats()>& body) {
  Floats first;
  for (uint64_t seed : seeds) {
    ote_seed(seed);
    ote_poison(poisons[seed / 5 % 2]);
    const Floats result = body();
    if (seed == 0) {
      first = result;
    } else if (result.size() != first.size() ||
               std::memcmp(result.data(), first.data(), first.size() * sizeof(float)) != 0) {
      report(false, what.c_str(), 0,
             "seed " + std::to_string(seed) + " gives other bits than seed 0");
    }
  }
  ote_seed(0);
  ote_poison(poisons[0]);
  return first;
}

}  // namespace check

// Runs all tests, or those of one file and, within it, those whose name holds a text.
int main(int count, char** arguments) {
  int ran = 0;
  for (const auto& test : check::tests()) {
    if (count > 1 && test.file != arguments[1]) continue;
    if (count > 2 && std::strstr(test.name, arguments[2]) == nullptr) continue;
    const int before = check::failures;
    ote_seed(0);
    test.body();
    for (int i = 0; i < ote_reports(); i++) {
      check::failures++;
      std::printf("%s\n", ote_report(i));
    }
    if (const auto left = ote_reset(nullptr); left != 0) {
      check::failures++;
      std::printf("%lld device objects were left\n", static_cast<long long>(left));
    }
    std::printf("%s %s\n", check::failures == before ? "ok  " : "FAIL", test.name);
    ran++;
  }
  std::printf("%d tests, %d failures\n", ran, check::failures);
  return ran > 0 && check::failures == 0 ? 0 : 1;
}
