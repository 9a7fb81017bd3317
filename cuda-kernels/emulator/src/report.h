// What the emulator found: kept until asked for.
#pragma once

#include <string>
#include <vector>

namespace emulator {

// Keeps one finding; the kernel, block and thread that run now are put in front.
void report(const std::string& what);

std::vector<std::string>& reports();

}  // namespace emulator
