# gantry_embed(TARGET FILE SYMBOL): compile the text FILE into TARGET.
#
# At build time, and again whenever FILE changes, it writes SYMBOL.h and SYMBOL.c into the build
# tree, so that TARGET's sources may say
#
#     #include "SYMBOL.h"
#     extern const char SYMBOL[];         the text, and a NUL after it
#     extern const size_t SYMBOL_size;    its bytes, without that NUL
#
# FILE is relative to the calling directory, or absolute. What is written depends on the text and
# on the name SYMBOL alone, so two builds in two places give the same object. No tool but CMake is
# needed: this file is also the script which the build runs (`cmake -P`).

if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(gantry_embed target file symbol)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/embed)
    add_custom_command(
      OUTPUT ${folder}/${symbol}.c ${folder}/${symbol}.h
      COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DFOLDER=${folder} -DSYMBOL=${symbol}
              -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
      DEPENDS ${file} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
      COMMENT "Embedding ${file}"
      VERBATIM)
    target_sources(${target} PRIVATE ${folder}/${symbol}.c ${folder}/${symbol}.h)
    target_include_directories(${target} PRIVATE ${folder})
  endfunction()
  return()
endif()

# --- run by the build -----------------------------------------------------------------------

file(READ ${INPUT} digits HEX)
string(LENGTH "${digits}" size)
math(EXPR size "${size} / 2")

# Character constants and not numbers: a byte above 0x7f then fits a char, signed or not.
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${digits}")
if(bytes MATCHES "x00'")
  message(FATAL_ERROR "${INPUT}: a NUL byte; gantry_embed takes text")
endif()
string(REPEAT "'\\\\x..'," 12 twelve)
string(REGEX REPLACE "(${twelve})" "    \\1\n" bytes "${bytes}")

cmake_path(GET INPUT FILENAME name)
string(TOUPPER ${SYMBOL} guard)
file(WRITE ${FOLDER}/${SYMBOL}.h "/* Made from ${name} by the build. */
#ifndef GANTRY_EMBED_${guard}_H
#define GANTRY_EMBED_${guard}_H

#include <stddef.h>

extern const char ${SYMBOL}[];
extern const size_t ${SYMBOL}_size;

#endif
")
file(WRITE ${FOLDER}/${SYMBOL}.c "/* Made from ${name} by the build. */
#include \"${SYMBOL}.h\"

const char ${SYMBOL}[] = {
${bytes}
    '\\0',
};
const size_t ${SYMBOL}_size = ${size};
")
