// Runs every broken kernel of emulator/broken: its mistake must be found, and nothing when it is
// fixed.
//
//     otfuse_broken_test         all of them
//     otfuse_broken_test NAME    that one, broken, once: for mistakes that end the program
#include "broken.h"

#include <cstdio>
#include <cstring>
#include <string>

namespace {

using broken::Case;
using broken::Floats;

struct Found {
  std::string reports;
  bool differs = false;
};

// Two seeds of each thread order, with not-a-number and with a number as poison.
Found search(const Case& each, bool fixed) {
  Found found;
  Floats first;
  for (uint64_t seed = 0; seed < 20; seed++) {
    ote_seed(seed / 2);
    ote_poison(seed % 2 == 0 ? 0xffffffffu : 0x3f8ccccdu);
    const Floats result = each.run(fixed);
    if (seed == 0) first = result;
    const bool same = result.size() == first.size() &&
                      std::memcmp(result.data(), first.data(), first.size() * sizeof(float)) == 0;
    const int count = ote_reports();
    for (int i = 0; i < count; i++) found.reports += std::string(ote_report(i)) + "\n";
    if (count == 0 && !same) found.differs = true;
    ote_reset(nullptr);
    if (!fixed && !found.reports.empty()) break;
  }
  return found;
}

bool good(const Case& each) {
  const Found fixed = search(each, true);
  if (!fixed.reports.empty() || fixed.differs) {
    std::printf("FAIL %s: without the mistake, %s\n%s", each.name,
                fixed.differs ? "results differ" : "there are reports", fixed.reports.c_str());
    return false;
  }
#ifdef OTFUSE_CHECK_KERNELS
  const char* expected = each.checked;
#else
  const char* expected = each.plain;
#endif
  const Found found = search(each, false);
  const bool as_expected = expected == nullptr ? true
                           : std::strcmp(expected, broken::differs) == 0
                               ? found.differs && found.reports.empty()
                               : found.reports.find(expected) != std::string::npos;
  const std::string shown = expected == nullptr ? "(left to the other builds)"
                            : !found.reports.empty()
                                ? found.reports.substr(0, found.reports.find('\n'))
                            : found.differs ? "results differ"
                                            : "nothing";
  std::printf("%s %s: %s\n", as_expected ? "ok  " : "FAIL", each.name, shown.c_str());
  return as_expected;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<Case> all;
  for (const auto& some : {broken::barrier_cases(), broken::grid_cases(), broken::memory_cases(),
                           broken::stream_cases(), broken::warp_cases()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  int failures = 0;
  for (const Case& each : all) {
    if (count > 1) {
      if (std::strcmp(arguments[1], each.name) == 0) search(each, false);
      continue;
    }
#ifdef __SANITIZE_ADDRESS__
    if (each.fatal) continue;
#endif
    failures += !good(each);
  }
  return failures == 0 ? 0 : 1;
}
