// One resident thread block: its threads as fibers, its warps as bit masks, its shared memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clock.h"
#include "emulator/device.h"
#include "fiber.h"
#include "schedule.h"

namespace emulator {

struct Thread {
  Fiber fiber;
  uint3 index{};
  ThreadClock clock;  // used by the checker, like the next two
  int spins = 0;      // atomics and cached loads since it last waited for something
};

// What a lane brought to a shuffle, vote or warp barrier, and what it takes away.
struct Exchanged {
  Exchange kind{};
  unsigned mask = 0;
  uint64_t bits = 0;
  int source = 0;
  Site site;
};

struct Warp {
  uint32_t alive = 0;
  uint32_t ready = 0;
  uint32_t sleeping = 0;
  uint32_t exchanging = 0;
  uint32_t at_barrier = 0;
  Exchanged lanes[warp_size];
  WarpClock clock;
};

struct StaticShared {
  const void* variable;
  std::unique_ptr<unsigned char[]> memory;
  size_t bytes;
  unsigned char* address;
  std::unique_ptr<Shadow> shadow;
};

// What all blocks of a launch have in common.
struct Grid {
  std::string kernel;
  dim3 blocks, threads;
  size_t dynamic_shared = 0;
  size_t shared_limit = 0;
  const void* function = nullptr;
  void (*thread)(const void* function, const void* arguments) = nullptr;
  std::shared_ptr<const void> arguments;
  size_t argument_bytes = 0;
  bool cooperative = false;
  bool aborted = false;
  uint64_t progress = 0;  // counts what can end another thread's waiting
  Schedule schedule;
};

class Block {
 public:
  Block(Grid& grid, size_t first_stack);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // Puts all threads of block `index` at the start of the kernel.
  void start(unsigned index);
  // Runs threads until none can go on, or the block gives way to another.
  void run();
  bool finished() const { return alive_ == 0; }
  // Whether some thread can run, after sleepers have been woken.
  bool wake();
  // Says that it is stuck, and where the threads that are left wait.
  std::string waiting() const;

  int barrier(Count count, bool predicate, const Site& site);
  uint64_t exchange(Exchange kind, unsigned mask, uint64_t bits, int source, const Site& site);
  void yield(bool sleep, const Site& site);
  [[noreturn]] void abort(const std::string& what);
  [[noreturn]] void finish_thread();
  void* dynamic_shared() const { return dynamic_.get(); }
  void* static_shared(const void* variable, size_t bytes, size_t alignment);

  // For the checker: where the running thread is in time, what it knows, what memory is its own.
  unsigned index() const { return index_; }
  Access access(const void* code) const;
  ThreadClock& thread_clock() const { return threads_[current_].clock; }
  const WarpClock& clock() const { return warps_[current_ / warp_size].clock; }
  const Clock& seen() const { return seen_; }
  const unsigned char* stack_of_thread() const { return threads_[current_].fiber.stack(); }
  Region shared_region(const void* address);

  // Something changed that another thread may be waiting for.
  void made_progress() { grid_->progress++; }

  const Grid& grid() const { return *grid_; }

 private:
  Warp& warp() { return warps_[current_ / warp_size]; }
  uint32_t lane_bit() const { return 1u << current_ % warp_size; }
  void set_ready(Warp& warp, uint32_t lanes);
  void clear_ready(Warp& warp, uint32_t lanes);
  // Switches to a thread that is ready, or leaves the block where there is none.
  void switch_thread();
  void leave();
  void release_barrier();
  void complete_exchange(Warp& warp, unsigned mask);
  void check_exchange(const Exchanged& mine);

  Grid* grid_;
  int count_;
  int alive_ = 0;
  int current_ = 0;
  uint3 block_{};
  uint32_t ready_warps_ = 0;
  Fiber main_;
  std::unique_ptr<Thread[]> threads_;
  std::vector<Warp> warps_;

  int arrived_ = 0;
  Count barrier_count_{};
  Site barrier_site_;
  int predicates_ = 0;
  int barrier_result_ = 0;

  unsigned index_ = 0;
  uint32_t epoch_ = 0;  // barriers passed
  Clock seen_;

  std::unique_ptr<unsigned char[]> dynamic_;
  Shadow dynamic_shadow_;
  std::vector<StaticShared> static_;
  size_t static_bytes_ = 0;
  size_t first_stack_;
};

// The block that runs now; null outside kernels.
extern Block* running;

std::string name(const Site& site);

}  // namespace emulator
