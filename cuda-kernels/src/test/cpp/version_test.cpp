#include "check.h"
#include "otfuse_cuda.h"

TEST(errors_are_named_as_cuda_names_them) {
  CHECK(std::string(otc_error_name(2)) == "cudaErrorMemoryAllocation");
  CHECK(std::string(otc_version()) == OTC_VERSION);
}
