// Stands in for CUDA's cuda_runtime.h when .cu files are compiled as C++20 for the emulator. It has
// what the kernels and launchers of otfuse use, under CUDA's names; what is missing does not
// compile.
#pragma once

#include "emulator/device.h"
#include "emulator/math.h"
#include "emulator/runtime.h"
#include "emulator/types.h"
