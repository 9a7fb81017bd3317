# Compiles .cu files for the emulator.

set(emulator_folder ${CMAKE_CURRENT_LIST_DIR})

file(GLOB emulator_sources CONFIGURE_DEPENDS ${emulator_folder}/src/*.cpp)
add_library(otfuse_emulator STATIC ${emulator_sources})
otfuse_target_defaults(otfuse_emulator)
target_include_directories(otfuse_emulator PUBLIC ${emulator_folder}/include)

# Copies a file with its __shared__ variables rewritten; compilers name the original in messages.
function(emulator_rewrite file output)
  get_filename_component(name ${file} NAME)
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/emulated/${name})
  add_custom_command(
    OUTPUT ${copy}
    COMMAND sed -E -e "1i #line 1 \"${file}\"" -f ${emulator_folder}/shared.sed ${file} > ${copy}
    DEPENDS ${file} ${emulator_folder}/shared.sed
    VERBATIM)
  set(${output} ${copy} PARENT_SCOPE)
endfunction()

# emulator_add_kernels(<target> SOURCES <.cu...> HEADERS <.cuh...> INCLUDES <folders...>)
function(emulator_add_kernels target)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;INCLUDES" ${ARGN})
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/emulated)
  foreach(file ${ARG_SOURCES})
    emulator_rewrite(${file} copy)
    list(APPEND sources ${copy})
  endforeach()
  foreach(file ${ARG_HEADERS})
    emulator_rewrite(${file} copy)
    list(APPEND headers ${copy})
  endforeach()
  add_library(${target} STATIC ${sources} ${headers})
  set_source_files_properties(${sources} PROPERTIES LANGUAGE CXX)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  otfuse_target_defaults(${target})
  target_include_directories(${target} PUBLIC ${ARG_INCLUDES} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/emulated)
  # The copies end in .cu; what is unrolled is the GPU compiler's business; products are contracted
  # only where the source says fmaf.
  target_compile_options(${target} PRIVATE -x c++ -Wno-unknown-pragmas -ffp-contract=off)
  target_link_libraries(${target} PUBLIC otfuse_emulator)
endfunction()
