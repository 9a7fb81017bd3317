#include "fiber.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifndef __x86_64__
#include <ucontext.h>

#include <map>
#include <memory>
#endif

namespace emulator {
namespace {

constexpr uint64_t canary = 0x5ca1ab1e0ddba11u;

#ifdef __SANITIZE_ADDRESS__
// The stack of the thread that fibers leave and come back to.
struct ThreadStack {
  void* bottom = nullptr;
  size_t size = 0;

  ThreadStack() {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &bottom, &size);
    pthread_attr_destroy(&attributes);
  }
};
#endif

}  // namespace

#ifdef __x86_64__

extern "C" void otfuse_emulator_switch(void** from, void* to);
// Saves what the calling convention has a function preserve, and swaps stack pointers.
asm(R"(
.text
.p2align 4
.globl otfuse_emulator_switch
.hidden otfuse_emulator_switch
.type otfuse_emulator_switch, @function
otfuse_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size otfuse_emulator_switch, .-otfuse_emulator_switch
)");

namespace {
void prepare(void** pointer, unsigned char* top, void (*entry)()) {
  // Six registers, the entry, and a return address that leaves the stack aligned as after a call.
  auto* words = reinterpret_cast<uint64_t*>(top) - 8;
  std::memset(words, 0, 8 * sizeof(uint64_t));
  words[6] = reinterpret_cast<uint64_t>(entry);
  *pointer = words;
}
void swap(void** from, void** to) { otfuse_emulator_switch(from, *to); }
}  // namespace

#else

namespace {
void prepare(void** pointer, unsigned char* top, void (*entry)()) {
  auto* context = static_cast<ucontext_t*>(*pointer);
  if (context == nullptr) *pointer = context = new ucontext_t;
  getcontext(context);
  context->uc_stack.ss_sp = top - stack_bytes / 2;
  context->uc_stack.ss_size = stack_bytes / 2;
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
}
void swap(void** from, void** to) {
  if (*from == nullptr) *from = new ucontext_t;
  swapcontext(static_cast<ucontext_t*>(*from), static_cast<ucontext_t*>(*to));
}
}  // namespace

#endif

void Fiber::start(unsigned char* stack, void (*entry)()) {
  stack_ = stack;
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(stack, stack_bytes);
  fake_stack_ = nullptr;
#endif
  std::memcpy(stack, &canary, sizeof canary);
  // Tops differ in their low bits, so that the stacks of a warp do not share cache sets.
  const size_t colour = reinterpret_cast<uintptr_t>(stack) / stack_bytes % 32 * 128;
  prepare(&pointer_, stack + stack_bytes - colour, entry);
}

void Fiber::switch_to(Fiber& next) {
#ifdef __SANITIZE_ADDRESS__
  const void* bottom = next.stack_;
  size_t size = stack_bytes;
  if (next.stack_ == nullptr) {
    static thread_local const ThreadStack own;
    bottom = own.bottom;
    size = own.size;
  }
  __sanitizer_start_switch_fiber(&fake_stack_, bottom, size);
#endif
  swap(&pointer_, &next.pointer_);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
}

void Fiber::entered() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

bool Fiber::overflowed() const {
  return stack_ != nullptr && std::memcmp(stack_, &canary, sizeof canary) != 0;
}

unsigned char* stack(size_t index) {
  constexpr size_t group = 256;
  static std::vector<unsigned char*> groups;
  while (groups.size() <= index / group) {
    void* memory = mmap(nullptr, group * stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      std::fprintf(stderr, "emulator: no memory for the stacks of %zu threads\n", index);
      std::abort();
    }
    groups.push_back(static_cast<unsigned char*>(memory));
  }
  return groups[index / group] + index % group * stack_bytes;
}

}  // namespace emulator
