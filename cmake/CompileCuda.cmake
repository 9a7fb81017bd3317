# cmake -DNVCC= -DFLAGS= -DSOURCE= -DFOLDER= -DNAME= -P CompileCuda.cmake
#
# Compiles SOURCE to FOLDER/NAME.o. Writes what ptxas says to NAME.log and, to NAME.bounds, lines
# "kernel threads" with the most threads a block of it may have. Fails on warnings and spills.

set(kept ${FOLDER}/${NAME}.kept)
file(MAKE_DIRECTORY ${kept})
execute_process(
  COMMAND ${NVCC} ${FLAGS} -keep -keep-dir ${kept} -c ${SOURCE} -o ${FOLDER}/${NAME}.o
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE failed)
file(WRITE ${FOLDER}/${NAME}.log "${said}")
if(failed)
  message(FATAL_ERROR "${said}\nnvcc failed on ${SOURCE}.")
endif()
string(REGEX MATCHALL "[^\n]*[Ww]arning[^\n]*" warnings "${said}")
string(REGEX MATCHALL "[1-9][0-9]* bytes spill (stores|loads)" spills "${said}")
if(warnings OR spills)
  file(REMOVE ${FOLDER}/${NAME}.o)
  message(FATAL_ERROR "${said}\n${SOURCE}: ${warnings} ${spills}")
endif()

file(GLOB ptx ${kept}/*.ptx)
list(GET ptx 0 ptx)
file(STRINGS ${ptx} lines REGEX "^(\\.visible )?\\.entry |^\\.maxntid ")
set(bounds "")
foreach(line ${lines})
  if(line MATCHES "\\.entry ([A-Za-z0-9_$]+)")
    set(kernel ${CMAKE_MATCH_1})
  elseif(line MATCHES "\\.maxntid ([0-9]+)(, ([0-9]+), ([0-9]+))?")
    set(threads ${CMAKE_MATCH_1})
    if(CMAKE_MATCH_3)
      math(EXPR threads "${threads} * ${CMAKE_MATCH_3} * ${CMAKE_MATCH_4}")
    endif()
    string(APPEND bounds "${kernel} ${threads}\n")
  endif()
endforeach()
file(WRITE ${FOLDER}/${NAME}.bounds "${bounds}")
file(REMOVE_RECURSE ${kept})
