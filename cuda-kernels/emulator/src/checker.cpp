#include "checker.h"

#include <link.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "block.h"
#include "clock.h"
#include "device.h"
#include "memory.h"
#include "symbols.h"

namespace emulator {
namespace {

enum class Kind { read, write, atomic, constant };

bool instrumented = false;
std::unordered_map<uintptr_t, Told> told;  // by address

bool inside(const void* address, size_t bytes, const void* first, size_t count) {
  const auto at = reinterpret_cast<uintptr_t>(address), start = reinterpret_cast<uintptr_t>(first);
  return at >= start && at + bytes <= start + count;
}

// Where loaded files lie in memory: constants, tables, the emulator's indices.
std::vector<std::pair<uintptr_t, uintptr_t>> program;

bool in_program(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  const auto known = [&] {
    return std::any_of(program.begin(), program.end(),
                       [&](const auto& part) { return at >= part.first && at < part.second; });
  };
  if (known()) return true;
  program.clear();
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void*) {
        for (int i = 0; i < info->dlpi_phnum; i++) {
          const auto& part = info->dlpi_phdr[i];
          if (part.p_type != PT_LOAD) continue;
          program.emplace_back(info->dlpi_addr + part.p_vaddr,
                               info->dlpi_addr + part.p_vaddr + part.p_memsz);
        }
        return 0;
      },
      nullptr);
  return known();
}

const char* name(Kind kind) {
  return kind == Kind::read       ? "reads"
         : kind == Kind::write    ? "writes"
         : kind == Kind::constant ? "reads through the read-only path"
                                  : "does an atomic operation on";
}

bool same_warp(const Access& a, const Access& b) {
  return a.block == b.block && a.thread / warp_size == b.thread / warp_size;
}

// Whether `a` is known to have happened before the running thread's access `b`.
bool ordered(const Block& block, const Access& a, const Access& b) {
  if (a.block == b.block) {
    if (a.thread == b.thread || a.epoch < b.epoch) return true;
    if (same_warp(a, b) &&
        block.clock().seen[b.thread % warp_size][a.thread % warp_size] >= a.clock) {
      return true;
    }
  }
  return block.seen().saw(a) || block.thread_clock().acquired.saw(a);
}

// A write that races with another one unless it leaves there what is there.
struct Doubtful {
  const unsigned char* word;
  unsigned char before[4];
  uint8_t bytes;
  Access other, mine;
  const char* where;
};
std::vector<Doubtful> doubtful;

[[noreturn]] void race(Block& block, const Access& a, const char* did, const Access& b, Kind kind,
                       const char* where) {
  block.abort("data race: " + std::string(name(kind)) + " " + where + " at " + source_line(b.code) +
              ", which thread " + std::to_string(a.thread) + " of block " +
              std::to_string(a.block) + " " + did + " at " + source_line(a.code) +
              " with nothing to order them");
}

// Takes from the readers of `cell` those that the access comes after; the rest are still
// concurrent.
uint32_t concurrent_readers(const Block& block, const Cell& cell, const Access& mine) {
  uint32_t left = 0;
  for (uint32_t lanes = cell.readers; lanes != 0; lanes &= lanes - 1) {
    Access reader = cell.read;
    const int lane = std::countr_zero(lanes);
    reader.thread = static_cast<uint16_t>(reader.thread / warp_size * warp_size + lane);
    if (!ordered(block, reader, mine)) left |= 1u << lane;
  }
  return left;
}

// The read-only path sees no write of the same kernel for certain, by whatever thread and in
// whatever order.
void check_constant(Block& block, Cell& cell, const Access& mine, Kind kind, const char* where) {
  const auto clash = [&](const Access& other, const char* did) {
    block.abort(std::string(name(kind)) + " " + where + " at " + source_line(mine.code) +
                " that the same kernel " + did + " at " + source_line(other.code));
  };
  if (kind == Kind::constant) {
    if ((cell.changed & mine.bytes) != 0) clash(cell.write, "writes");
    cell.constant |= mine.bytes;
    cell.loaded = mine;
  } else if (kind != Kind::read) {
    if ((cell.constant & mine.bytes) != 0) clash(cell.loaded, "reads through the read-only path");
    cell.changed |= mine.bytes;
  }
}

void check_cell(Block& block, Cell& cell, const Access& mine, Kind kind, const char* where,
                const unsigned char* word) {
  if (cell.kernel != device().kernels) {
    cell.kernel = device().kernels;
    cell.write = cell.read = {};
    cell.readers = 0;
    cell.constant = cell.changed = 0;
    cell.many_warps = false;
  }
  check_constant(block, cell, mine, kind, where);
  if (kind == Kind::constant) kind = Kind::read;
  if (kind != Kind::write && (mine.bytes & ~cell.written) != 0) {
    block.abort(std::string(name(kind)) + " " + where + " at " + source_line(mine.code) +
                " before anything was written there");
  }
  const Access& write = cell.write;
  if (write.code != nullptr && (write.bytes & mine.bytes) != 0 && !(write.atomic && mine.atomic) &&
      !ordered(block, write, mine)) {
    if (kind != Kind::write || write.atomic || mine.atomic) {
      race(block, write, write.atomic ? "changed atomically" : "wrote", mine, kind, where);
    }
    doubtful.push_back({word, {}, mine.bytes, write, mine, where});
    for (int byte = 0; byte < 4; byte++) {
      if ((mine.bytes >> byte & 1) != 0) doubtful.back().before[byte] = word[byte];
    }
  }
  const bool known = cell.read.code != nullptr;
  const uint32_t readers = known ? concurrent_readers(block, cell, mine) : 0;
  if (kind == Kind::read) {
    const bool fresh =
        readers == 0 && !(known && cell.many_warps && cell.read.block == mine.block &&
                          cell.read.epoch == mine.epoch);
    if (fresh) {
      cell.read = mine;
      cell.readers = 1u << mine.thread % warp_size;
      cell.many_warps = false;
    } else if (same_warp(cell.read, mine) && !cell.many_warps) {
      const uint32_t before = readers | 1u << mine.thread % warp_size;
      cell.read = mine;
      cell.readers = before;
    } else {
      cell.many_warps = true;
      // Keeps a reader that is not the thread itself.
      cell.read = mine;
      cell.readers = 1u << mine.thread % warp_size;
    }
    return;
  }
  if (known && (cell.read.bytes & mine.bytes) != 0 && !(cell.read.atomic && mine.atomic)) {
    Access reader = cell.read;
    if (readers != 0) {
      reader.thread =
          static_cast<uint16_t>(reader.thread / warp_size * warp_size + std::countr_zero(readers));
      race(block, reader, "read", mine, kind, where);
    }
    if (cell.many_warps && reader.block == mine.block && reader.epoch == mine.epoch) {
      race(block, reader, "and others read", mine, kind, where);
    }
  }
  cell.write = mine;
  cell.read = {};
  cell.readers = 0;
  cell.many_warps = false;
  cell.written |= mine.bytes;
}

void check(const void* address, size_t bytes, Kind kind, bool atomic, const void* code) {
  Block* block = running;
  if (block == nullptr || bytes == 0) return;
  settle_writes();
  if (inside(address, bytes, block->stack_of_thread(), stack_bytes)) return;
  Region region = block->shared_region(address);
  const bool shared = region.address != nullptr;
  if (!shared) region = device_region(address);
  if (region.address == nullptr) {
    const Grid& grid = block->grid();
    if (kind == Kind::read && inside(address, bytes, grid.arguments.get(), grid.argument_bytes))
      return;
    if (kind == Kind::read && in_program(address)) return;
  }
  const size_t first =
      static_cast<size_t>(static_cast<const unsigned char*>(address) - region.address);
  if (region.address == nullptr || first + bytes > region.bytes) {
    block->abort(
        std::string(name(kind)) + " " + std::to_string(bytes) + " bytes at " + source_line(code) +
        (region.address == nullptr
             ? " that are neither device memory nor shared memory of the block"
             : " from byte " + std::to_string(first) + " of " + std::to_string(region.bytes)));
  }
  if (kind == Kind::constant && shared) {
    block->abort(std::string(name(kind)) + " shared memory at " + source_line(code));
  }
  if (reinterpret_cast<uintptr_t>(address) % std::min<size_t>(bytes, 4) != 0) {
    block->abort(std::string(name(kind)) + " a misaligned address at " + source_line(code));
  }
  Access mine = block->access(code);
  mine.atomic = atomic;
  for (size_t word = first / 4; word * 4 < first + bytes; word++) {
    const size_t from = std::max(first, word * 4) - word * 4,
                 to = std::min(first + bytes, word * 4 + 4) - word * 4;
    mine.bytes = static_cast<uint8_t>((1u << to) - (1u << from));
    Cell& cell = region.shadow->cells[word];
    const unsigned char* memory = region.address + word * 4;
    // The host may write to device memory here, though nowhere else.
    if (cell.written != 15 && !region.shadow->poisoned(memory, word)) cell.written = 15;
    check_cell(*block, cell, mine, kind, shared ? "shared memory" : "device memory", memory);
  }
}

}  // namespace

bool checking() { return instrumented; }

void Shadow::start(size_t count) {
  bytes = count;
  cells.assign(checking() ? (bytes + 3) / 4 : 0, Cell{});
  poison = poison_word();
}

bool Shadow::poisoned(const unsigned char* memory, size_t word) const {
  return std::memcmp(memory, &poison, std::min(sizeof poison, bytes - word * 4)) == 0;
}

void Shadow::mark(size_t first, size_t count, bool written) {
  if (cells.empty()) return;
  for (size_t byte = first; byte < first + count; byte++) {
    uint8_t& bits = cells[byte / 4].written;
    const auto bit = static_cast<uint8_t>(1u << byte % 4);
    bits = static_cast<uint8_t>(written ? bits | bit : bits & ~bit);
  }
}

void mark_written(void* address, size_t bytes) {
  const Region region = checking() ? device_region(address) : Region{};
  if (region.address == nullptr) return;
  region.shadow->mark(static_cast<size_t>(static_cast<unsigned char*>(address) - region.address),
                      bytes, true);
}

void mark_copied(void* target, const void* source, size_t bytes) {
  const Region from = checking() ? device_region(source) : Region{};
  if (from.address == nullptr) return mark_written(target, bytes);
  const Region to = device_region(target);
  if (to.address == nullptr) return;
  const auto source_first =
      static_cast<size_t>(static_cast<const unsigned char*>(source) - from.address);
  const auto target_first = static_cast<size_t>(static_cast<unsigned char*>(target) - to.address);
  for (size_t byte = 0; byte < bytes; byte++) {
    const size_t at = source_first + byte;
    to.shadow->mark(target_first + byte, 1,
                    (from.shadow->cells[at / 4].written >> at % 4 & 1) != 0);
  }
}

void settle_writes() {
  if (doubtful.empty()) return;
  for (const Doubtful& each : std::exchange(doubtful, {})) {
    for (int byte = 0; byte < 4; byte++) {
      if ((each.bytes >> byte & 1) == 0 || each.word[byte] == each.before[byte]) continue;
      race(*running, each.other, "wrote", each.mine, Kind::write, each.where);
    }
  }
}

void start_checking() { told.clear(); }

namespace {

void hear(const void* address) {
  const auto found = told.find(reinterpret_cast<uintptr_t>(address));
  if (found == told.end()) return;
  ThreadClock& mine = running->thread_clock();
  mine.pending_device.join(found->second.device);
  mine.pending_block.join(found->second.blocks[running->index()]);
}

void tell(const void* address) {
  const ThreadClock& mine = running->thread_clock();
  if (mine.fences == 0) return;
  Told& all = told[reinterpret_cast<uintptr_t>(address)];
  all.device.join(mine.released_device);
  all.blocks[running->index()].join(mine.released_block);
}

void check_volatile(const void* address, size_t bytes, Kind kind, const void* code) {
  check(address, bytes, kind, true, code);
  if (running == nullptr) return;
  kind == Kind::read ? hear(address) : tell(address);
}

}  // namespace

void check_atomic(const void* address, size_t bytes, const void* code) {
  if (!checking()) return;
  check(address, bytes, Kind::atomic, true, code);
  hear(address);
  tell(address);
}

void check_fence(Scope scope) {
  if (!checking()) return;
  ThreadClock& mine = running->thread_clock();
  mine.acquired.join(mine.pending_block);
  mine.pending_block.clear();
  if (scope == Scope::device) {
    mine.acquired.join(mine.pending_device);
    mine.pending_device.clear();
  }
  const Access now = running->access(nullptr);
  mine.fences++;
  mine.released_block = running->seen();
  mine.released_block.join(mine.acquired);
  mine.released_block.join(now.block, now.epoch, now.thread, mine.fences);
  if (scope == Scope::device) mine.released_device = mine.released_block;
}

void read_only(const void* address, size_t bytes) {
  if (checking()) check(address, bytes, Kind::constant, false, __builtin_return_address(0));
}

}  // namespace emulator

using emulator::Kind;

// The interface between compilers and ThreadSanitizer's runtime.
extern "C" {

void __tsan_init() { emulator::instrumented = true; }

#define HOOK(size)                                                                        \
  void __tsan_read##size(void* address) {                                                 \
    emulator::check(address, size, Kind::read, false, __builtin_return_address(0));       \
  }                                                                                       \
  void __tsan_write##size(void* address) {                                                \
    emulator::check(address, size, Kind::write, false, __builtin_return_address(0));      \
  }                                                                                       \
  void __tsan_unaligned_read##size(void* address) {                                       \
    emulator::check(address, size, Kind::read, false, __builtin_return_address(0));       \
  }                                                                                       \
  void __tsan_unaligned_write##size(void* address) {                                      \
    emulator::check(address, size, Kind::write, false, __builtin_return_address(0));      \
  }                                                                                       \
  /* Volatile accesses are how CUDA code polls: single, and in effect relaxed atomics. */ \
  void __tsan_volatile_read##size(void* address) {                                        \
    emulator::check_volatile(address, size, Kind::read, __builtin_return_address(0));     \
  }                                                                                       \
  void __tsan_volatile_write##size(void* address) {                                       \
    emulator::check_volatile(address, size, Kind::write, __builtin_return_address(0));    \
  }
HOOK(1)
HOOK(2)
HOOK(4)
HOOK(8)
HOOK(16)
#undef HOOK

void __tsan_read_range(void* address, size_t bytes) {
  emulator::check(address, bytes, Kind::read, false, __builtin_return_address(0));
}
void __tsan_write_range(void* address, size_t bytes) {
  emulator::check(address, bytes, Kind::write, false, __builtin_return_address(0));
}
// From std::shared_ptr in launchers.
int __tsan_atomic32_fetch_add(volatile int* address, int value, int) {
  return __atomic_fetch_add(address, value, __ATOMIC_SEQ_CST);
}
void __tsan_vptr_update(void*, void*) {}
void __tsan_vptr_read(void*) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
