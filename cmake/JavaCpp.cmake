# Builds a JNI library from the C++ files that JavaCPP generates for a binding.

set(OTFUSE_JAVA_HOME "$ENV{JAVA_HOME}" CACHE PATH "The JDK whose JNI headers are used")

# otfuse_add_jni_library(<target> SOURCES <generated...> LIBRARIES <targets...> EXPORTS <version script>)
function(otfuse_add_jni_library target)
  cmake_parse_arguments(ARG "" "EXPORTS" "SOURCES;LIBRARIES" ${ARGN})
  # The JDK is the building machine's; JavaCPP's code has its own of what jni_md.h defines.
  string(TOLOWER ${CMAKE_HOST_SYSTEM_NAME} system)
  if(CMAKE_HOST_WIN32)
    set(system win32)
  endif()
  set(prefix "${CMAKE_SHARED_LIBRARY_PREFIX}")
  if(WIN32)
    set(prefix "")  # what java.lang.System.mapLibraryName expects, also of MinGW
  endif()
  add_library(${target} MODULE ${ARG_SOURCES})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(${target} SYSTEM PRIVATE ${OTFUSE_JAVA_HOME}/include
                             ${OTFUSE_JAVA_HOME}/include/${system})
  target_link_libraries(${target} PRIVATE ${ARG_LIBRARIES})
  set_target_properties(${target} PROPERTIES PREFIX "${prefix}"
                                             SUFFIX "${CMAKE_SHARED_LIBRARY_SUFFIX}")
  if(NOT MSVC)
    target_compile_options(${target} PRIVATE -w -fvisibility=hidden -O2)
  endif()
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    target_link_options(${target} PRIVATE -Wl,--version-script=${ARG_EXPORTS} -Wl,--no-undefined
                        -static-libstdc++ -static-libgcc)
    set_property(TARGET ${target} PROPERTY LINK_DEPENDS ${ARG_EXPORTS})
  elseif(MINGW)
    target_link_options(${target} PRIVATE -static)
  endif()
endfunction()
