#include "block.h"

#include <cstring>

#include "checker.h"
#include "memory.h"
#include "report.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulator {

Block* running = nullptr;

namespace {

// Atomics and cached loads in a row after which a thread that does not sleep is put to sleep.
constexpr int most_spins = 1 << 14;

bool same(const Site& a, const Site& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         std::strcmp(a.file_name(), b.file_name()) == 0;
}

const char* name(Exchange kind) {
  return kind == Exchange::barrier   ? "warp barrier"
         : kind == Exchange::shuffle ? "shuffle"
                                     : "vote";
}

std::string hexadecimal(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

void thread_entry() {
  Fiber::entered();
  const Grid& grid = running->grid();
  grid.thread(grid.function, grid.arguments.get());
  running->finish_thread();
}

int compute(Count count, int predicates, int threads) {
  switch (count) {
    case Count::all:
      return predicates == threads;
    case Count::any:
      return predicates > 0;
    case Count::number:
      return predicates;
    default:
      return 0;
  }
}

}  // namespace

std::string name(const Site& site) {
  const char* slash = std::strrchr(site.file_name(), '/');
  return std::string(slash ? slash + 1 : site.file_name()) + ":" + std::to_string(site.line());
}

Block::Block(Grid& grid, size_t first_stack)
    : grid_(&grid),
      count_(static_cast<int>(grid.threads.x * grid.threads.y * grid.threads.z)),
      threads_(new Thread[count_]),
      warps_((count_ + warp_size - 1) / warp_size),
      first_stack_(first_stack) {}

void Block::start(unsigned index) {
  const dim3 &grid = grid_->blocks, &size = grid_->threads;
  block_ = {index % grid.x, index / grid.x % grid.y, index / grid.x / grid.y};
  dynamic_ = allocate_shared(grid_->dynamic_shared);
  dynamic_shadow_.start(grid_->dynamic_shared);
  index_ = index;
  epoch_ = 1;
  seen_.clear();
  static_.clear();
  static_bytes_ = 0;
  arrived_ = predicates_ = 0;
  alive_ = count_;
  ready_warps_ = 0;
  for (Warp& warp : warps_)
    warp.alive = warp.ready = warp.sleeping = warp.exchanging = warp.at_barrier = 0;
  for (int i = 0; i < count_; i++) {
    const unsigned t = static_cast<unsigned>(i);
    Thread& thread = threads_[i];
    thread.index = {t % size.x, t / size.x % size.y, t / size.x / size.y};
    thread.spins = 0;
    if (checking()) thread.clock = {};
    thread.fiber.start(stack(first_stack_ + i), thread_entry);
    warps_[i / warp_size].alive |= 1u << i % warp_size;
  }
  for (Warp& warp : warps_) {
    if (checking()) warp.clock.start();
    set_ready(warp, warp.alive);
  }
}

void Block::set_ready(Warp& warp, uint32_t lanes) {
  warp.ready |= lanes;
  ready_warps_ |= 1u << (&warp - warps_.data());
}

void Block::clear_ready(Warp& warp, uint32_t lanes) {
  warp.ready &= ~lanes;
  if (warp.ready == 0) ready_warps_ &= ~(1u << (&warp - warps_.data()));
}

void Block::run() {
  running = this;
  Schedule& schedule = grid_->schedule;
  const int warp = schedule.pick(ready_warps_);
  current_ = warp * warp_size + schedule.pick(warps_[warp].ready);
  threadIdx = threads_[current_].index;
  blockIdx = block_;
  blockDim = grid_->threads;
  gridDim = grid_->blocks;
  main_.switch_to(threads_[current_].fiber);
  running = nullptr;
}

void Block::switch_thread() {
  settle_writes();
  if (ready_warps_ == 0) return leave();
  Schedule& schedule = grid_->schedule;
  int next = current_ / warp_size;
  if (!schedule.stays_in_warp() || warps_[next].ready == 0) next = schedule.pick(ready_warps_);
  next = next * warp_size + schedule.pick(warps_[next].ready);
  if (next == current_) return;
  Thread& from = threads_[current_];
  current_ = next;
  threadIdx = threads_[next].index;
  from.fiber.switch_to(threads_[next].fiber);
}

void Block::leave() {
  settle_writes();
  threads_[current_].fiber.switch_to(main_);
}

bool Block::wake() {
  for (Warp& warp : warps_) {
    if (warp.sleeping == 0) continue;
    const uint32_t lanes = warp.sleeping;
    warp.sleeping = 0;
    set_ready(warp, lanes);
  }
  return ready_warps_ != 0;
}

void Block::abort(const std::string& what) {
  report(what);
  grid_->aborted = true;
  leave();
  __builtin_unreachable();
}

void Block::finish_thread() {
  Warp& warp = this->warp();
  if (threads_[current_].fiber.overflowed())
    abort("the thread needs more stack than the emulator gives it");
  warp.alive &= ~lane_bit();
  clear_ready(warp, lane_bit());
  alive_--;
  grid_->progress++;
  if (alive_ == 0) {
    leave();
    __builtin_unreachable();
  }
  // Threads that have returned do not count at barriers.
  if (arrived_ == alive_) release_barrier();
  for (uint32_t waiting = warp.exchanging; waiting != 0; waiting &= waiting - 1) {
    const Exchanged& lane = warp.lanes[std::countr_zero(waiting)];
    if ((lane.mask & lane_bit()) == 0) continue;
    if (lane.kind != Exchange::barrier) {
      abort("the thread returns while lanes in a " + std::string(name(lane.kind)) + " at " +
            emulator::name(lane.site) + " wait for it, mask " + hexadecimal(lane.mask));
    }
    complete_exchange(warp, lane.mask);
    break;
  }
  switch_thread();
  __builtin_unreachable();
}

int Block::barrier(Count count, bool predicate, const Site& site) {
  if (arrived_ == 0) {
    barrier_site_ = site;
    barrier_count_ = count;
  } else if (count != barrier_count_ || !same(site, barrier_site_)) {
    abort("divergent barrier: the thread is at " + name(site) + " while others wait at " +
          name(barrier_site_));
  }
  Warp& warp = this->warp();
  threads_[current_].spins = 0;
  arrived_++;
  predicates_ += predicate;
  warp.at_barrier |= lane_bit();
  clear_ready(warp, lane_bit());
  if (arrived_ == alive_) {
    release_barrier();
    // Other resident blocks may overtake here.
    if (grid_->schedule.random() && grid_->schedule.below(4) == 0) {
      leave();
      return barrier_result_;
    }
  }
  switch_thread();
  return barrier_result_;
}

void Block::release_barrier() {
  barrier_result_ = compute(barrier_count_, predicates_, arrived_);
  arrived_ = predicates_ = 0;
  grid_->progress++;
  epoch_++;
  if (checking()) {
    for (int i = 0; i < count_; i++) {
      if (!threads_[i].clock.acquired.empty()) seen_.join(threads_[i].clock.acquired);
    }
  }
  for (Warp& warp : warps_) {
    if (warp.at_barrier == 0) continue;
    set_ready(warp, warp.at_barrier);
    warp.at_barrier = 0;
  }
}

void Block::check_exchange(const Exchanged& mine) {
  const Warp& warp = this->warp();
  const std::string here =
      std::string(name(mine.kind)) + " at " + name(mine.site) + ", mask " + hexadecimal(mine.mask);
  if ((mine.mask & lane_bit()) == 0) abort(here + ": the mask does not name the thread's own lane");
  if (mine.kind != Exchange::barrier && (mine.mask & ~warp.alive) != 0) {
    abort(here + ": lanes " + hexadecimal(mine.mask & ~warp.alive) + " are not there");
  }
  if (mine.kind == Exchange::shuffle && (mine.mask >> mine.source & 1) == 0) {
    abort(here + ": reads lane " + std::to_string(mine.source) + ", which the mask does not name");
  }
  for (uint32_t others = warp.exchanging; others != 0; others &= others - 1) {
    const int lane = std::countr_zero(others);
    const Exchanged& other = warp.lanes[lane];
    const bool meets = (mine.mask >> lane & 1) != 0 || (other.mask & lane_bit()) != 0;
    if (meets && (other.mask != mine.mask || other.kind != mine.kind)) {
      abort(here + ": lane " + std::to_string(lane) + " is in a " + name(other.kind) + " at " +
            name(other.site) + ", mask " + hexadecimal(other.mask));
    }
  }
}

uint64_t Block::exchange(Exchange kind, unsigned mask, uint64_t bits, int source,
                         const Site& site) {
  Warp& warp = this->warp();
  const int lane = current_ % warp_size;
  threads_[current_].spins = 0;
  Exchanged& mine = warp.lanes[lane];
  mine = {kind, mask, bits, source, site};
  const bool plain = (mask >> lane & 1) != 0 && (mask & ~warp.alive) == 0 &&
                     (mask >> (source & 31) & 1) != 0 &&
                     (warp.exchanging == 0 || (warp.exchanging & ~mask) == 0);
  const int first = std::countr_zero(warp.exchanging | lane_bit());
  if (!plain || warp.lanes[first].mask != mask || warp.lanes[first].kind != kind)
    check_exchange(mine);
  warp.exchanging |= lane_bit();
  clear_ready(warp, lane_bit());
  if ((mask & warp.alive & ~warp.exchanging) == 0) complete_exchange(warp, mask);
  switch_thread();
  return mine.bits;
}

void Block::complete_exchange(Warp& warp, unsigned mask) {
  const uint32_t lanes = mask & warp.exchanging;
  if ((mask & warp.alive & ~lanes) != 0) return;
  const Exchange kind = warp.lanes[std::countr_zero(lanes)].kind;
  if (kind == Exchange::ballot) {
    uint32_t ballot = 0;
    for (uint32_t left = lanes; left != 0; left &= left - 1) {
      const int lane = std::countr_zero(left);
      ballot |= static_cast<uint32_t>(warp.lanes[lane].bits) << lane;
    }
    for (uint32_t left = lanes; left != 0; left &= left - 1)
      warp.lanes[std::countr_zero(left)].bits = ballot;
  } else if (kind == Exchange::shuffle) {
    uint64_t brought[warp_size];
    for (uint32_t left = lanes; left != 0; left &= left - 1) {
      const int lane = std::countr_zero(left);
      brought[lane] = warp.lanes[lane].bits;
    }
    for (uint32_t left = lanes; left != 0; left &= left - 1) {
      const int lane = std::countr_zero(left);
      warp.lanes[lane].bits = brought[warp.lanes[lane].source];
    }
  }
  if (kind == Exchange::barrier && checking()) warp.clock.barrier(lanes);
  warp.exchanging &= ~lanes;
  grid_->progress++;
  set_ready(warp, lanes);
}

void Block::yield(bool sleep, const Site&) {
  Thread& thread = threads_[current_];
  if (!sleep && ++thread.spins > most_spins) sleep = true;
  Warp& warp = this->warp();
  if (sleep) {
    thread.spins = 0;
    warp.sleeping |= lane_bit();
    clear_ready(warp, lane_bit());
    switch_thread();
  } else if (grid_->schedule.order() == Order::preempted && grid_->schedule.below(2) == 0) {
    if (grid_->schedule.below(4) == 0) return leave();
    switch_thread();
  }
}

void* Block::static_shared(const void* variable, size_t bytes, size_t alignment) {
  for (const StaticShared& known : static_) {
    if (known.variable == variable) return known.address;
  }
  static_bytes_ += bytes;
  if (static_bytes_ + grid_->dynamic_shared > grid_->shared_limit) {
    abort("the block needs " + std::to_string(static_bytes_ + grid_->dynamic_shared) +
          " bytes of shared memory, the launch allows " + std::to_string(grid_->shared_limit));
  }
  // Aligned to no more than the type asks for, with nothing behind it.
  const size_t before = alignment < 16 ? alignment : 0;
  StaticShared made{variable, allocate_shared(before + bytes), bytes, nullptr,
                    std::make_unique<Shadow>()};
  made.address = made.memory.get() + before;
  made.shadow->start(bytes);
  static_.push_back(std::move(made));
  return static_.back().address;
}

Access Block::access(const void* code) const {
  Access access;
  access.code = code;
  access.block = index_;
  access.epoch = epoch_;
  access.clock = clock().seen[current_ % warp_size][current_ % warp_size];
  access.fences = threads_[current_].clock.fences;
  access.thread = static_cast<uint16_t>(current_);
  return access;
}

Region Block::shared_region(const void* address) {
  const auto* at = static_cast<const unsigned char*>(address);
  if (at >= dynamic_.get() && at < dynamic_.get() + grid_->dynamic_shared) {
    return {dynamic_.get(), grid_->dynamic_shared, &dynamic_shadow_};
  }
  for (StaticShared& known : static_) {
    if (at >= known.address && at < known.address + known.bytes)
      return {known.address, known.bytes, known.shadow.get()};
  }
  return {};
}

std::string Block::waiting() const {
  const auto where = [&](int thread) -> std::string {
    const Warp& warp = warps_[thread / warp_size];
    const uint32_t bit = 1u << thread % warp_size;
    const Exchanged& lane = warp.lanes[thread % warp_size];
    if ((warp.alive & bit) == 0) return "";
    if (warp.at_barrier & bit) return "at the barrier in " + name(barrier_site_);
    if ((warp.exchanging & bit) == 0) return "in a wait loop";
    return "in a " + std::string(name(lane.kind)) + " in " + name(lane.site) + ", mask " +
           hexadecimal(lane.mask);
  };
  char block[64];
  std::snprintf(block, sizeof block, ", block (%u,%u,%u): ", block_.x, block_.y, block_.z);
  std::string text = grid_->kernel + block + "deadlock";
  for (int first = 0, end = 0; first < count_ && text.size() < 400; first = end) {
    const std::string here = where(first);
    for (end = first + 1; end < count_ && where(end) == here;) end++;
    if (here.empty()) continue;
    text += ", threads " + std::to_string(first) + " to " + std::to_string(end - 1) + " " + here;
  }
  return text;
}

int block_barrier(Count count, bool predicate, const Site& site) {
  return running->barrier(count, predicate, site);
}

uint64_t exchange(Exchange kind, unsigned mask, uint64_t bits, int source, const Site& site) {
  return running->exchange(kind, mask, bits, source, site);
}

void yield(bool sleep, const Site& site) { running->yield(sleep, site); }

void trap(const Site& site) { running->abort("trap at " + name(site)); }

void fence(Scope scope, const Site& site) {
  running->yield(false, site);
  check_fence(scope);
}

void* dynamic_shared() { return running->dynamic_shared(); }

void* static_shared(const void* variable, size_t bytes, size_t alignment) {
  return running->static_shared(variable, bytes, alignment);
}

}  // namespace emulator
