# cmake -DGENERATED= -DCOMMITTED= -P CudaResourcesTest.cmake: whether the committed table is the one
# that the build makes. Another nvcc may give other numbers and is no reason to fail.

file(READ ${GENERATED} generated)
file(READ ${COMMITTED} committed)
string(REGEX MATCH "nvcc V[0-9.]+" here "${generated}")
string(REGEX MATCH "nvcc V[0-9.]+" there "${committed}")
if(NOT here STREQUAL there)
  message("Skipped: the table is from ${there}, this is ${here}.")
elseif(NOT generated STREQUAL committed)
  message(FATAL_ERROR "${COMMITTED} is not what the build gives; write it with the target cuda_resources.")
endif()
