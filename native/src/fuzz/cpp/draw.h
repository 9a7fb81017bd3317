// Random sizes, numbers and pointers for the fuzzer: most fit, some are hostile.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <random>
#include <vector>

namespace fuzz {

// Everything of one round comes from its seed.
class Draw {
 public:
  Draw(uint32_t seed) : random_(seed) { hostile_ = chance(2) ? 0 : pick({8, 20, 60}); }

  bool chance(int of) { return random_() % static_cast<uint32_t>(of) == 0; }
  int below(int limit) { return static_cast<int>(random_() % static_cast<uint32_t>(limit)); }
  template <class T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<int>(values.size()))];
  }

  // Whether the next argument is to be wrong.
  bool hostile() { return hostile_ != 0 && chance(hostile_); }

  int32_t size(int least = 0) {
    if (hostile()) return pick<int32_t>({-1, kMost, -kMost - 1, 1 << 30, (1 << 30) + 1, 0});
    if (chance(3)) return std::max(least, pick<int32_t>({0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65}));
    return least + below(24);
  }
  int32_t index(int32_t limit) {
    if (hostile()) return pick<int32_t>({-1, limit, kMost, -kMost - 1});
    return limit > 0 ? below(limit) : 0;
  }

  // Numbers of one magnitude, of several, or with some that are not finite.
  std::vector<float> floats(int64_t count) {
    std::vector<float> values(static_cast<size_t>(count));
    const float size = pick({1.0f, 1.0f, 1.0f, 0.0f, 1e-30f, 1e19f, 3e38f, 1e-42f});
    const int other = pick({0, 0, 0, 3, 50});
    std::uniform_real_distribution<float> draw(chance(2) ? 0.0f : -1.0f, 1.0f);
    for (float& value : values) {
      value = draw(random_) * size;
      if (other != 0 && chance(other)) value = strange();
    }
    return values;
  }

  std::vector<float> masses(int64_t count) {
    std::vector<float> values(static_cast<size_t>(count));
    std::uniform_real_distribution<float> draw(0.1f, 1.0f);
    for (float& value : values) value = draw(random_) / static_cast<float>(std::max<int64_t>(count, 1));
    if (chance(8) && count > 0) values[static_cast<size_t>(below(static_cast<int>(count)))] = strange();
    return values;
  }

  float strange() {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    return pick({std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity, 0.0f, -0.0f, 1e20f,
                 -3.4e38f, 1e-25f, 1e-45f, 1e-30f, -1.0f});
  }

  double setting(std::initializer_list<double> good) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (hostile()) return pick({0.0, -1.0, kInfinity, -kInfinity, 1e-320, 1e308, std::numeric_limits<double>::quiet_NaN()});
    return pick(good);
  }

  // Null now and then.
  template <class T>
  T* pointer(T* values) {
    return hostile() ? nullptr : values;
  }

 private:
  static constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

  std::mt19937 random_;
  int hostile_;  // one of so many arguments; 0: none
};

// How much memory the sizes of a call say is there. What must be refused gets next to nothing.
class Claim {
 public:
  // Values of one array; a call that would need more than the fuzzer has is not made.
  int64_t operator()(std::initializer_list<int64_t> sizes) {
    __int128 product = 1;
    for (int64_t size : sizes) {
      if (size < 0 || size > kMostOfOne) return 1;
      product *= size;
    }
    if (product > kMost) return 1;
    if (product > kRoom) too_large_ = true;
    return product > kRoom ? 1 : static_cast<int64_t>(product);
  }

  bool too_large() const { return too_large_; }

 private:
  static constexpr int64_t kRoom = 1 << 18;
  static constexpr int64_t kMostOfOne = std::numeric_limits<int32_t>::max();
  static constexpr int64_t kMost = int64_t{1} << 60;

  bool too_large_ = false;
};

}  // namespace fuzz
