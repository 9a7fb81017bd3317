# cmake -DNVCC= -DLOGS= -DCXXFILT= -DOUTPUT= -P CudaResources.cmake
#
# Makes a table of what each kernel takes on each architecture, from the logs of CompileCuda.cmake.

cmake_policy(SET CMP0057 NEW)

# CUDA C++ Programming Guide, technical specifications per compute capability: warps, blocks and bytes
# of shared memory of a multiprocessor. Registers: 65536, given to a warp in units of 256; shared
# memory: 1 KiB of each block is the system's, in units of 128.
set(limits_80 64 32 167936)
set(limits_90 64 32 233472)
set(limits_100 64 32 233472)
set(limits_120 48 24 102400)

# The percentage of a multiprocessor's warps that can be resident.
function(occupancy architecture registers shared threads output)
  list(GET limits_${architecture} 0 warps)
  list(GET limits_${architecture} 1 blocks)
  list(GET limits_${architecture} 2 memory)
  math(EXPR of_block "(${threads} + 31) / 32")
  # Registers of a multiprocessor belong to four schedulers, and so do its warps.
  math(EXPR by_registers "16384 / ((${registers} * 32 + 255) / 256 * 256) * 4 / ${of_block}")
  math(EXPR by_shared "${memory} / ((${shared} + 1024 + 127) / 128 * 128)")
  math(EXPR by_warps "${warps} / ${of_block}")
  set(fit ${blocks})
  foreach(limit ${by_registers} ${by_shared} ${by_warps})
    if(limit LESS fit)
      set(fit ${limit})
    endif()
  endforeach()
  math(EXPR percent "100 * ${fit} * ${of_block} / ${warps}")
  set(${output} ${percent} PARENT_SCOPE)
endfunction()

function(number text pattern output)
  set(found 0)
  if(text MATCHES "${pattern}")
    set(found ${CMAKE_MATCH_1})
  endif()
  set(${output} ${found} PARENT_SCOPE)
endfunction()

execute_process(COMMAND ${NVCC} --version OUTPUT_VARIABLE version)
string(REGEX MATCH "V[0-9.]+" version "${version}")

set(rows "")
foreach(log ${LOGS})
  get_filename_component(file ${log} NAME_WE)
  string(REPLACE ".log" ".bounds" bounds ${log})
  file(READ ${bounds} bounds)
  file(READ ${log} said)
  string(REPLACE ";" "," said "${said}")
  string(REGEX MATCHALL "Compiling entry function '[^']*' for 'sm_[0-9]+'\n[^\n]*\n[^\n]*\n[^\n]*" entries "${said}")
  foreach(entry ${entries})
    string(REGEX MATCH "function '([^']*)' for 'sm_([0-9]+)'" unused "${entry}")
    set(mangled ${CMAKE_MATCH_1})
    set(architecture ${CMAKE_MATCH_2})
    number("${entry}" "Used ([0-9]+) registers" registers)
    number("${entry}" "([0-9]+) bytes smem" shared)
    number("${entry}" "([0-9]+) bytes stack frame" stack)
    number("${entry}" "([0-9]+) bytes spill stores" spills)
    number("${bounds}" "${mangled} ([0-9]+)" threads)
    set(share -)
    if(threads)
      occupancy(${architecture} ${registers} ${shared} ${threads} share)
      set(share "${share} %")
    else()
      set(threads -)
    endif()
    execute_process(COMMAND ${CXXFILT} ${mangled} OUTPUT_VARIABLE kernel OUTPUT_STRIP_TRAILING_WHITESPACE)
    # Template arguments say which kernel it is; namespaces, result and parameters do not.
    string(REGEX REPLACE "^void " "" kernel "${kernel}")
    string(REGEX REPLACE "\\(anonymous namespace\\)::" "" kernel "${kernel}")
    string(REGEX REPLACE "\\([^()]*\\)$" "" kernel "${kernel}")
    string(REGEX REPLACE "\\((int|bool|unsigned int)\\)" "" kernel "${kernel}")
    string(REGEX REPLACE "[A-Za-z_0-9]+::" "" kernel "${kernel}")
    # Sorts by file, kernel, architecture.
    string(LENGTH ${architecture} digits)
    list(APPEND rows "${file} ${kernel} ${digits}${architecture}@| `${kernel}` | sm_${architecture} | ${threads} | ${registers} | ${shared} | ${stack} | ${spills} | ${share} |")
  endforeach()
endforeach()
list(SORT rows)
set(table "")
set(before "")
foreach(row ${rows})
  string(REGEX MATCH "^([^ ]*) " unused "${row}")
  set(file ${CMAKE_MATCH_1})
  if(NOT file STREQUAL before)
    string(APPEND table "\n## ${file}.cu\n\n| kernel | architecture | threads | registers | shared | stack | spilled | occupancy |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    set(before ${file})
  endif()
  string(REGEX REPLACE "^[^@]*@" "" row "${row}")
  string(APPEND table "${row}\n")
endforeach()
file(WRITE ${OUTPUT} "# Resources of the CUDA kernels

Written by the build from what ptxas says (nvcc ${version}); not to be edited. To renew it, here:

    cmake -S . -B target/cmake-release && cmake --build target/cmake-release --target cuda_resources

Threads are the most of a block, registers those of a thread; shared memory is the static part, stack
and spilled bytes are those of a thread. Occupancy is the share of a multiprocessor's warps that these
numbers allow; dynamic shared memory, which launches choose, can lower it.
${table}")
