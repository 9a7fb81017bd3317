#include "check.h"
#include "otfuse_cuda.h"

TEST(the_version_is_that_of_the_header) {
  CHECK(std::string(otc_version()) == OTC_VERSION);
}
