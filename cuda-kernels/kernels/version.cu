// What a caller asks the library about itself.
#include <cuda_runtime.h>

#include "otfuse_cuda.h"

const char* otc_version(void) { return OTC_VERSION; }

const char* otc_error_name(int error) { return cudaGetErrorName(static_cast<cudaError_t>(error)); }
