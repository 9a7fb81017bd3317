# Options and warnings that every target of otfuse shares.

set(OTFUSE_SANITIZER "" CACHE STRING "Instrumentation: empty, address (with undefined) or thread")
set_property(CACHE OTFUSE_SANITIZER PROPERTY STRINGS "" address thread)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# Applies standard, warnings and sanitizers to a target.
function(otfuse_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(
    ${target}
    PROPERTIES CXX_EXTENSIONS OFF
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               POSITION_INDEPENDENT_CODE ON)
  if(NOT MSVC)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
  endif()
  if(MINGW)
    target_link_options(${target} PRIVATE -static)
  endif()
  if(OTFUSE_SANITIZER STREQUAL "address")
    set(flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  elseif(OTFUSE_SANITIZER STREQUAL "thread")
    set(flags -fsanitize=thread)
  endif()
  if(DEFINED flags)
    target_compile_options(${target} PRIVATE ${flags} -g1)
    target_link_options(${target} PUBLIC ${flags})
  endif()
endfunction()
