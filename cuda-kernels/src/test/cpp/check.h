// A very small test frame for kernels on the emulator: TEST(name) registers a function, CHECK and
// CHECK_NEAR report and go on. A finding of the emulator fails a test.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "otfuse_emulator.h"

namespace check {

void add(const char* file, const char* name, void (*body)());
void report(bool good, const char* file, int line, const std::string& what);

// Prints the emulator's findings and ends the program.
[[noreturn]] void give_up(const char* why);

struct Registration {
  Registration(const char* file, const char* name, void (*body)()) { add(file, name, body); }
};

using Floats = std::vector<float>;

// Uniform numbers in [low, high).
Floats uniform(std::mt19937& random, int64_t count, float low = 0, float high = 1);

// An array in device memory, poisoned at first.
template <class T>
class Device {
 public:
  explicit Device(size_t count) : count_(count) {
    if (ote_malloc(&address_, count * sizeof(T)) != 0) give_up("there is no device memory");
  }
  explicit Device(const std::vector<T>& values) : Device(values.size()) {
    ote_copy_async(address_, values.data(), count_ * sizeof(T), 1, nullptr);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { ote_free(address_); }

  operator T*() const { return static_cast<T*>(address_); }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    ote_copy_async(values.data(), address_, count_ * sizeof(T), 2, nullptr);
    return values;
  }

 private:
  size_t count_;
  void* address_ = nullptr;
};

// Runs `body`, which returns its results, under several seeds and poison patterns, and checks that
// the results are the same bits in all of them. Returns them.
Floats same_bits(const std::string& what, const std::function<Floats()>& body);

}  // namespace check

#define TEST(name)                                                             \
  static void name();                                                          \
  static const check::Registration name##_registration(__FILE__, #name, name); \
  static void name()

#define CHECK(condition) check::report((condition), __FILE__, __LINE__, #condition)

#define CHECK_NEAR(actual, expected, tolerance)                                             \
  do {                                                                                      \
    double actual_ = (actual), expected_ = (expected), tolerance_ = (tolerance);            \
    check::report(std::abs(actual_ - expected_) <= tolerance_, __FILE__, __LINE__,          \
                  #actual " is " + std::to_string(actual_) + ", expected " +                \
                      std::to_string(expected_) + " within " + std::to_string(tolerance_)); \
  } while (false)
