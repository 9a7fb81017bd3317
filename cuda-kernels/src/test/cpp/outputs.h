// What kernels write, as it lies in a fusion: one tensor behind the other, with nothing but a word
// between them that nobody may change.
#pragma once

#include <algorithm>

#include "check.h"

namespace check {

template <class T>
class Outputs {
  static_assert(sizeof(T) % sizeof(uint32_t) == 0);

 public:
  // Room for so many values each, poisoned. With a shift, each begins that many words past an
  // address aligned to 16 bytes; otherwise where it comes to lie.
  explicit Outputs(const std::vector<size_t>& counts, int shift = -1) : counts_(counts) {
    constexpr size_t unit = alignof(T) / sizeof(uint32_t);
    size_t at = 0;
    for (size_t count : counts) {
      at += unit;
      if (shift >= 0) at = (at + 3) / 4 * 4 + static_cast<size_t>(shift);
      first_.push_back(at);
      at += count * kWords;
    }
    if (ote_malloc(&address_, (at + unit) * sizeof(uint32_t)) != 0)
      give_up("there is no device memory");
    size_t end = 0;
    for (size_t k = 0; k <= counts.size(); k++) {
      const size_t next = k < counts.size() ? first_[k] : at + unit;
      for (size_t i = end; i < next; i++) guards_.push_back(i);
      if (k < counts.size()) end = next + counts[k] * kWords;
    }
    for (size_t i : guards_) words()[i] = guard(i);
  }
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;
  ~Outputs() { ote_free(address_); }

  T* operator[](size_t k) const { return reinterpret_cast<T*>(words() + first_[k]); }
  size_t count(size_t k) const { return counts_[k]; }

  // All values, one output after the other, once all is done; nothing around them has changed.
  std::vector<T> read() const {
    CHECK(ote_stream_synchronize(nullptr) == 0);
    CHECK(intact());
    std::vector<T> all;
    for (size_t k = 0; k < counts_.size(); k++)
      all.insert(all.end(), (*this)[k], (*this)[k] + counts_[k]);
    return all;
  }
  std::vector<T> read(size_t k) const {
    CHECK(ote_stream_synchronize(nullptr) == 0);
    CHECK(intact());
    return std::vector<T>((*this)[k], (*this)[k] + counts_[k]);
  }
  // Fills all outputs with the same word, not-a-number as a float.
  void poison(uint32_t word = 0x7fc00000u) const {
    for (size_t k = 0; k < counts_.size(); k++)
      std::fill_n(words() + first_[k], counts_[k] * kWords, word);
  }
  bool intact() const {
    return std::all_of(guards_.begin(), guards_.end(),
                       [&](size_t i) { return words()[i] == guard(i); });
  }

 private:
  static constexpr size_t kWords = sizeof(T) / sizeof(uint32_t);

  uint32_t* words() const { return static_cast<uint32_t*>(address_); }
  // Another word in every place, none of them likely to be computed.
  static uint32_t guard(size_t i) { return 0x5bd1e995u * static_cast<uint32_t>(i + 1); }

  std::vector<size_t> counts_;
  std::vector<size_t> first_;   // words
  std::vector<size_t> guards_;  // words
  void* address_ = nullptr;
};

}  // namespace check
