// What a caller asks the library about itself.
#include "otfuse_cuda.h"

const char* otc_version(void) { return OTC_VERSION; }
