// A very small test frame: TEST(name) registers a function, CHECK and CHECK_NEAR report and go on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "otfuse.h"

namespace check {

struct Test {
  const char* name;
  void (*body)();
};

std::vector<Test>& tests();
extern int failures;
extern const char* isa;

struct Registration {
  Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

// An engine on the code path under test.
class Engine {
 public:
  explicit Engine(int threads = 2);
  ~Engine();
  operator otf_engine*() const { return engine_; }

 private:
  otf_engine* engine_ = nullptr;
};

using Floats = std::vector<float>;

// Uniform numbers in [low, high).
Floats uniform(std::mt19937& random, int64_t count, float low = 0, float high = 1);

// A positive vector that sums to 1; equal entries where `random` is null.
Floats marginal(std::mt19937* random, int count);

void report(bool good, const char* file, int line, const std::string& what);

// Room for an output between sentinels, without padding and at odd addresses: not-a-number, or -1,
// before a call; when it goes, every byte in front and behind must be as it was.
template <class T>
class Guarded {
 public:
  explicit Guarded(int64_t count)
      : count_(static_cast<size_t>(count)),
        front_(kGuard + count_ % kGuard),
        all_(front_ + count_ + kGuard) {
    std::memset(all_.data(), kSentinel, all_.size() * sizeof(T));
    if (count_ > 0) std::memset(data(), 0xff, count_ * sizeof(T));
  }
  Guarded(const Guarded&) = default;
  Guarded& operator=(const Guarded&) = default;
  ~Guarded() { report(intact(), "output", static_cast<int>(count_), "written outside"); }

  bool intact() const {
    return untouched(0, front_) && untouched(front_ + count_, all_.size());
  }

  T* data() { return all_.data() + front_; }
  const T* data() const { return all_.data() + front_; }
  size_t size() const { return count_; }
  T* begin() { return data(); }
  T* end() { return data() + count_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + count_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  friend bool operator==(const Guarded& p, const Guarded& q) {
    return std::equal(p.begin(), p.end(), q.begin(), q.end());
  }

 private:
  static constexpr size_t kGuard = 32;
  static constexpr int kSentinel = 0xa5;

  bool untouched(size_t from, size_t to) const {
    const unsigned char* bytes = reinterpret_cast<const unsigned char*>(all_.data());
    return std::all_of(bytes + from * sizeof(T), bytes + to * sizeof(T),
                       [](unsigned char byte) { return byte == kSentinel; });
  }

  size_t count_;
  size_t front_;
  std::vector<T> all_;
};

using Output = Guarded<float>;

}  // namespace check

#define TEST(name)                                                     \
  static void name();                                                  \
  static const check::Registration name##_registration(#name, name);   \
  static void name()

#define CHECK(condition) check::report((condition), __FILE__, __LINE__, #condition)

#define CHECK_NEAR(actual, expected, tolerance)                                              \
  do {                                                                                       \
    double actual_ = (actual), expected_ = (expected), tolerance_ = (tolerance);             \
    check::report(std::abs(actual_ - expected_) <= tolerance_, __FILE__, __LINE__,           \
                  #actual " is " + std::to_string(actual_) + ", expected " +                 \
                      std::to_string(expected_) + " within " + std::to_string(tolerance_));  \
  } while (false)
