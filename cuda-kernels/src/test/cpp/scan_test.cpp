// Scans of values against a plain loop.
#include <algorithm>
#include <bit>
#include <limits>
#include <memory>

#include "batch.h"
#include "outputs.h"

using check::Batch;
using check::Device;
using check::Floats;
using Reports = std::vector<otc_scan_report>;

namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

struct Array {
  Floats values;
  float least = kNone;
};

otc_scan_report reference(const Array& array) {
  otc_scan_report report{};
  for (size_t i = array.values.size(); i-- > 0;) {
    const float value = array.values[i];
    if (!std::isfinite(value) || value < array.least)
      report.rest = static_cast<int64_t>(array.values.size() - i);
    report.largest = std::max(report.largest, std::bit_cast<int32_t>(std::abs(value)));
  }
  return report;
}

// The reports of all arrays, which lie back to back; the batch several times.
Reports scan(const std::vector<Array>& arrays, int repeat = 1) {
  Floats all;
  for (const Array& array : arrays)
    all.insert(all.end(), array.values.begin(), array.values.end());
  all.push_back(std::nanf(""));  // nobody asks about what follows
  const Device<float> in(all);
  std::vector<otc_scan_task> tasks;
  for (int r = 0; r < repeat; r++) {
    const float* at = in;
    for (const Array& array : arrays) {
      const auto length = static_cast<int64_t>(array.values.size());
      tasks.push_back({at, length, array.least, 0});
      at += length;
    }
  }
  Batch<otc_scan_task> batch(tasks, otc_scan_prepare);
  const check::Outputs<otc_scan_report> out({tasks.size()});
  Reports reports;
  for (int run = 0; run < 2; run++) {
    CHECK(otc_scan(batch.device, out[0], &batch.launch, nullptr) == 0);
    reports = out.read();
  }
  return reports;
}

void compare(const Reports& actual, const std::vector<Array>& arrays) {
  for (size_t t = 0; t < actual.size(); t++) {
    const otc_scan_report expected = reference(arrays[t % arrays.size()]);
    CHECK(actual[t].rest == expected.rest && actual[t].largest == expected.largest);
  }
}

std::vector<Array> arrays() {
  std::mt19937 random(1);
  std::vector<Array> all;
  const float bad[] = {std::nanf(""), -std::nanf(""), HUGE_VALF, -HUGE_VALF};
  int which = 0;
  for (int length : {0, 1, 31, 33, 255, 257, 4095, 4096, 4097, 9000}) {
    all.push_back({check::uniform(random, length, -3, 2)});
    all.push_back({check::uniform(random, length, 1e-3f, 1), 1e-30f});
    for (int at : {0, length / 2, length - 1}) {
      if (length == 0) continue;
      all.push_back({check::uniform(random, length, -1, 1)});
      all.back().values[at] = bad[which++ % 4];
      all.back().values[length - 1] = bad[which % 4];
    }
    if (length == 0) continue;
    all.push_back({check::uniform(random, length, 1e-3f, 1), 1e-30f});
    all.back().values[length / 3] = which % 2 ? 0.9e-30f : -0.5f;
  }
  all.push_back({{3.4028235e38f, -0.0f, 1e-45f}});
  all.push_back({{0, -0.0f, 0}, 0});
  all.push_back({{1e-30f}, 1e-30f});
  return all;
}

TEST(scans_find_the_first_refused_value_and_the_largest) {
  const auto all = arrays();
  check::same_bits("scan", [&] {
    const Reports reports = scan(all);
    compare(reports, all);
    Floats bits;
    for (const otc_scan_report& report : reports) {
      bits.push_back(static_cast<float>(report.rest));
      bits.push_back(std::bit_cast<float>(report.largest));
    }
    return bits;
  });
}

TEST(blocks_that_take_several_tiles_reduce_each_anew) {
  std::vector<Array> some;
  for (int t = 0; t < 9; t++) {
    some.push_back({Floats(static_cast<size_t>(1 + 40 * t), static_cast<float>(t))});
    if (t % 2) some.back().values[t] = HUGE_VALF;
  }
  for (uint64_t seed : {0, 1, 3}) {
    ote_seed(seed);
    compare(scan(some, check::crowd(some.size())), some);
  }
}

}  // namespace
