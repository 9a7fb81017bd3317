// Logical time. Threads see what others wrote only through a fence, an atomic operation on the same
// word, and a fence on the other side, each of a scope that reaches the other; these clocks say how
// far.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "shadow.h"

namespace emulator {

// For each block what has been seen of it: all before `epoch`, and in it what some threads did
// before a fence of theirs.
class Clock {
 public:
  void join(unsigned block, uint32_t epoch, int thread, uint32_t fences) {
    for (size_t i = 0; i < seen_.size(); i++) {
      Seen& seen = seen_[i];
      if (seen.block != block || seen.epoch < epoch) continue;
      if (seen.epoch > epoch) return;
      if (seen.thread != thread) continue;
      seen.fences = std::max(seen.fences, fences);
      return;
    }
    std::erase_if(seen_,
                  [&](const Seen& seen) { return seen.block == block && seen.epoch < epoch; });
    seen_.push_back({block, epoch, thread, fences});
  }
  void join(const Clock& other) {
    for (const Seen& seen : other.seen_) join(seen.block, seen.epoch, seen.thread, seen.fences);
  }
  bool saw(const Access& access) const {
    return std::any_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
      return seen.block == access.block &&
             (access.epoch < seen.epoch ||
              (access.epoch == seen.epoch && access.thread == seen.thread &&
               access.fences < seen.fences));
    });
  }
  bool empty() const { return seen_.empty(); }
  void clear() { seen_.clear(); }

 private:
  struct Seen {
    unsigned block;
    uint32_t epoch;
    int thread;
    uint32_t fences;
  };
  std::vector<Seen> seen_;
};

// The lanes of a warp among themselves: what each has seen of each other, by warp barriers.
struct WarpClock {
  uint32_t seen[32][32] = {};

  void start() {
    for (auto& row : seen) std::fill(std::begin(row), std::end(row), 0u);
    for (int lane = 0; lane < 32; lane++) seen[lane][lane] = 1;
  }
  void barrier(uint32_t lanes) {
    uint32_t joined[32] = {};
    for (int lane = 0; lane < 32; lane++) {
      if ((lanes >> lane & 1) == 0) continue;
      for (int other = 0; other < 32; other++)
        joined[other] = std::max(joined[other], seen[lane][other]);
    }
    for (int lane = 0; lane < 32; lane++) {
      if ((lanes >> lane & 1) == 0) continue;
      std::copy(std::begin(joined), std::end(joined), seen[lane]);
      seen[lane][lane]++;
    }
  }
};

// What is told through one word: to all, and to threads of the teller's block alone.
struct Told {
  Clock device;
  std::map<unsigned, Clock> blocks;
};

// What a thread has learned of others and can tell them. What came by a word counts from a fence
// on: of any scope where a thread of the own block told it, of the device's scope otherwise.
struct ThreadClock {
  uint32_t fences = 0;
  Clock pending_device;   // through words, of all blocks, since its last fence of the device
  Clock pending_block;    // of its own block, since its last fence
  Clock acquired;         // before that
  Clock released_device;  // what it tells all: as of its last fence of the device
  Clock released_block;   // what it tells its block: as of its last fence
};

}  // namespace emulator
