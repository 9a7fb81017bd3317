// Counts the calls that are inside an engine, so that destroying it can wait for them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace otf {

class Gate {
 public:
  // False once the gate is closed.
  bool enter() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!closed_) inside_++;
    return !closed_;
  }

  void leave() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  // Lets nobody in any more and waits until nobody is inside.
  void close() {
    std::unique_lock<std::mutex> lock(mutex_);
    closed_ = true;
    empty_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  int64_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace otf
