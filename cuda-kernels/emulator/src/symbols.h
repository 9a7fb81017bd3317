// Names of kernels for reports, from the symbol table of the file that holds them.
#pragma once

#include <string>

namespace emulator {

// The name of a function, template arguments included, without namespaces; "a kernel" if unknown.
const std::string& kernel_name(const void* function);

// File and line of a place in compiled code, where they can be told.
std::string source_line(const void* code);

}  // namespace emulator
