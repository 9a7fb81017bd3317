// Atomic operations. Threads are fibers of one operating-system thread, so plain arithmetic will
// do.
#include <algorithm>

#include "block.h"
#include "checker.h"

namespace emulator {

template <class T>
T atomic(Atomic operation, T* address, T value, T compare, const Site& site) {
  running->yield(false, site);
  check_atomic(address, sizeof(T), __builtin_return_address(0));
  const T old = *address;
  T now = old;
  switch (operation) {
    case Atomic::add:
      now = old + value;
      break;
    case Atomic::sub:
      now = old - value;
      break;
    case Atomic::exchange:
      now = value;
      break;
    case Atomic::compare:
      now = old == compare ? value : old;
      break;
    case Atomic::max:
      now = std::max(old, value);
      break;
    case Atomic::min:
      now = std::min(old, value);
      break;
    case Atomic::bit_or:
      now = old | value;
      break;
    case Atomic::bit_and:
      now = old & value;
      break;
  }
  if (now != old) running->made_progress();
  *address = now;
  return old;
}

template int atomic(Atomic, int*, int, int, const Site&);
template unsigned atomic(Atomic, unsigned*, unsigned, unsigned, const Site&);
template unsigned long long atomic(Atomic, unsigned long long*, unsigned long long,
                                   unsigned long long, const Site&);

}  // namespace emulator
