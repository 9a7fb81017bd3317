#include "report.h"

#include <cstdio>

#include "block.h"

namespace emulator {
namespace {

std::string text(const uint3& at) {
  char text[48];
  std::snprintf(text, sizeof text, "(%u,%u,%u)", at.x, at.y, at.z);
  return text;
}

}  // namespace

std::vector<std::string>& reports() {
  static std::vector<std::string> all;
  return all;
}

void report(const std::string& what) {
  std::string where;
  if (running != nullptr) {
    where =
        running->grid().kernel + ", block " + text(blockIdx) + ", thread " + text(threadIdx) + ": ";
  }
  reports().push_back(where + what);
}

}  // namespace emulator
