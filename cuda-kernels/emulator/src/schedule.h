// The order in which emulated threads run, and every other choice that real hardware makes by
// accident. One seed decides all of it.
#pragma once

#include <bit>
#include <cstdint>

namespace emulator {

enum class Order {
  forward,   // lowest thread first, a warp as far as it gets
  backward,  // highest thread first
  shuffled,  // any lane of the running warp, then any other warp
  mixed,     // any lane of any warp at every switch
  preempted  // the same, and switches at atomics and cached loads too
};
constexpr int orders = 5;

class Schedule {
 public:
  explicit Schedule(uint64_t seed = 0)
      : order_(static_cast<Order>(seed % orders)), state_(seed * 2 + 1) {
    for (int i = 0; i < 4; i++) next();
  }

  Order order() const { return order_; }
  bool random() const { return order_ >= Order::shuffled; }
  bool stays_in_warp() const { return order_ <= Order::shuffled; }

  // A number below `bound`.
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>((next() >> 32) * bound >> 32); }

  // One of the bits set in `ready`.
  int pick(uint32_t ready) {
    if (order_ == Order::forward) return std::countr_zero(ready);
    if (order_ == Order::backward) return 31 - std::countl_zero(ready);
    const int turn = static_cast<int>(next() >> 59);
    return (std::countr_zero(std::rotr(ready, turn)) + turn) & 31;
  }

 private:
  uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x9e3779b97f4a7c15u;
  }

  Order order_;
  uint64_t state_;
};

}  // namespace emulator
