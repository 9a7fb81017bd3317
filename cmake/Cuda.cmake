# Compiles .cu files with nvcc for every architecture that otfuse supports. nvcc is called through
# CompileCuda.cmake, which fails on warnings and spilled registers and keeps what ptxas says.

set(OTFUSE_CUDA AUTO CACHE STRING "Whether to build the CUDA library: ON, OFF, AUTO where nvcc is found")
set_property(CACHE OTFUSE_CUDA PROPERTY STRINGS AUTO ON OFF)
set(OTFUSE_CUDA_ARCHITECTURES 80 90 100 120 CACHE STRING
    "Compute capabilities to compile for; code for the first runs on newer ones after translation")

find_program(OTFUSE_NVCC nvcc HINTS ENV CUDA_PATH ENV CUDA_HOME PATH_SUFFIXES bin)
if(OTFUSE_CUDA STREQUAL "ON" AND NOT OTFUSE_NVCC)
  message(FATAL_ERROR "OTFUSE_CUDA is ON but there is no nvcc on the PATH, in CUDA_PATH or in CUDA_HOME.")
endif()
if(OTFUSE_CUDA AND OTFUSE_NVCC)
  # What nvcc really is: on the PATH it may be a script.
  execute_process(COMMAND ${OTFUSE_NVCC} --dryrun --cuda x.cu ERROR_VARIABLE dryrun OUTPUT_QUIET)
  string(REGEX MATCH "TOP=([^\n]*)" unused "${dryrun}")
  get_filename_component(OTFUSE_CUDA_HOME "${CMAKE_MATCH_1}" ABSOLUTE)
  find_library(OTFUSE_CUDART cudart_static HINTS ${OTFUSE_CUDA_HOME}
               PATH_SUFFIXES lib64 lib lib/x64 targets/${CMAKE_SYSTEM_PROCESSOR}-linux/lib)
  if(OTFUSE_CUDART)
    set(OTFUSE_HAS_CUDA ON)
  elseif(OTFUSE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "OTFUSE_CUDA is ON but ${OTFUSE_CUDA_HOME} has no static CUDA runtime.")
  endif()
endif()
if(NOT OTFUSE_HAS_CUDA)
  message(STATUS "No nvcc is used: the CUDA library is not built.")
endif()

set(cuda_modules ${CMAKE_CURRENT_LIST_DIR})

# otfuse_add_cuda_kernels(<target> SOURCES <.cu...> HEADERS <.cuh...> INCLUDES <folders...>): a static
# library; its property CUDA_LOGS lists the files with ptxas' words.
function(otfuse_add_cuda_kernels target)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;INCLUDES" ${ARGN})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target})
  set(flags -std=c++20 -O3 --threads 2 -Werror all-warnings -Xptxas -v,-warn-spills
      -Xcompiler -fPIC,-fvisibility=hidden,-Wall,-Wextra)
  list(GET OTFUSE_CUDA_ARCHITECTURES 0 oldest)
  foreach(architecture ${OTFUSE_CUDA_ARCHITECTURES})
    set(code sm_${architecture})
    if(architecture STREQUAL oldest)
      set(code [sm_${architecture},compute_${architecture}])
    endif()
    list(APPEND flags -gencode arch=compute_${architecture},code=${code})
  endforeach()
  foreach(include ${ARG_INCLUDES})
    get_filename_component(include ${include} ABSOLUTE)
    list(APPEND flags -I${include})
  endforeach()
  foreach(source ${ARG_SOURCES})
    get_filename_component(name ${source} NAME_WE)
    set(object ${folder}/${name}.o)
    add_custom_command(
      OUTPUT ${object} ${folder}/${name}.log ${folder}/${name}.bounds
      COMMAND ${CMAKE_COMMAND} -DNVCC=${OTFUSE_NVCC} "-DFLAGS=${flags}" -DSOURCE=${source}
              -DFOLDER=${folder} -DNAME=${name} -P ${cuda_modules}/CompileCuda.cmake
      DEPENDS ${source} ${ARG_HEADERS} ${cuda_modules}/CompileCuda.cmake
      COMMENT "Compiling ${name}.cu for ${OTFUSE_CUDA_ARCHITECTURES}"
      VERBATIM)
    list(APPEND objects ${object})
    list(APPEND logs ${folder}/${name}.log)
  endforeach()
  add_library(${target} STATIC ${objects})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX CUDA_LOGS "${logs}")
  target_include_directories(${target} PUBLIC ${ARG_INCLUDES})
  target_link_libraries(${target} PUBLIC ${OTFUSE_CUDART} ${CMAKE_DL_LIBS} Threads::Threads rt)
endfunction()

# otfuse_add_cuda_resources(<kernels> <table>): a ctest that says when the table of registers, shared
# memory and occupancy in the source tree is not what the build gives, and a target, cuda_resources,
# that writes it.
function(otfuse_add_cuda_resources kernels table)
  get_target_property(logs ${kernels} CUDA_LOGS)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/RESOURCES.md)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -DNVCC=${OTFUSE_NVCC} "-DLOGS=${logs}" -DCXXFILT=c++filt
            -DOUTPUT=${generated} -P ${cuda_modules}/CudaResources.cmake
    DEPENDS ${kernels} ${logs} ${cuda_modules}/CudaResources.cmake
    VERBATIM)
  add_custom_target(cuda_resources_table ALL DEPENDS ${generated})
  add_custom_target(cuda_resources COMMAND ${CMAKE_COMMAND} -E copy ${generated} ${table}
                    DEPENDS ${generated})
  add_test(NAME cuda_resources
           COMMAND ${CMAKE_COMMAND} -DGENERATED=${generated} -DCOMMITTED=${table}
                   -P ${cuda_modules}/CudaResourcesTest.cmake)
  set_tests_properties(cuda_resources PROPERTIES SKIP_REGULAR_EXPRESSION "Skipped:")
endfunction()
