# Run by the build (`cmake -P`): copies the files of /docs to FOLDER, the large ones compressed, and
# writes assets.S, which holds their bytes, and assets.c, the table of handlers/docs/asset.h.
#
# What is written depends on the files alone: gzip is told to leave out names and times.

# How a type is called, by the end of a name.
set(TYPE_html "text/html; charset=utf-8")
set(TYPE_css "text/css; charset=utf-8")
set(TYPE_js "text/javascript; charset=utf-8")
set(TYPE_svg "image/svg+xml")
set(TYPE_ "text/plain; charset=utf-8")

set(count 0)
set(rows "")
set(externs "")
set(bytes "")

# add(NAME FILE IS_PACKED): FILE is served as /docs/NAME; as /docs itself if NAME is "".
function(add name file is_packed)
  set(copy ${FOLDER}/${count}.bin)
  if(is_packed)
    execute_process(COMMAND ${GZIP} -9nc ${file} OUTPUT_FILE ${copy} COMMAND_ERROR_IS_FATAL ANY)
    set(coding "true")
  else()
    file(COPY_FILE ${file} ${copy})
    set(coding "false")
  endif()
  file(SIZE ${copy} size)
  file(SHA256 ${copy} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  cmake_path(GET file EXTENSION LAST_ONLY end)
  string(REPLACE "." "" end "${end}")
  if(name STREQUAL "LICENSE")
    set(end "")
  endif()
  string(APPEND externs "extern const char gantry_asset_${count}[];\n")
  string(APPEND rows "    {\"${name}\", \"${TYPE_${end}}\", \"\\\"${hash}\\\"\", "
                     "{gantry_asset_${count}, ${size}}, ${coding}},\n")
  string(APPEND bytes "    .globl gantry_asset_${count}\n    .balign 16\n"
                      "gantry_asset_${count}:\n    .incbin \"${copy}\"\n")
  math(EXPR next "${count} + 1")
  set(count ${next} PARENT_SCOPE)
  set(externs "${externs}" PARENT_SCOPE)
  set(rows "${rows}" PARENT_SCOPE)
  set(bytes "${bytes}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
add("icon.svg" ${PAGE}/icon.svg FALSE)
add("page.css" ${PAGE}/page.css FALSE)
if(HAS_VIEWER)
  file(READ ${VIEWER}/LICENSE license)
  file(READ ${VIEWER}/NOTICE notice)
  file(READ ${VIEWER}/swagger-ui-bundle.js.LICENSE.txt others)
  file(WRITE ${FOLDER}/LICENSE "${notice}\n\n${license}\n\nParts of others in it:\n\n${others}")
  add("" ${PAGE}/index.html FALSE)
  add("page.js" ${PAGE}/page.js FALSE)
  add("swagger-ui-bundle.js" ${VIEWER}/swagger-ui-bundle.js TRUE)
  add("swagger-ui.css" ${VIEWER}/swagger-ui.css TRUE)
  add("LICENSE" ${FOLDER}/LICENSE FALSE)
else()
  add("" ${PAGE}/plain.html FALSE)
endif()

file(WRITE ${FOLDER}/assets.S "/* Made by web/pack.cmake. */
    .section .rodata
${bytes}
    .section .note.GNU-stack,\"\",%progbits
")
file(WRITE ${FOLDER}/assets.c "/* Made by web/pack.cmake. */
#include \"handlers/docs/asset.h\"

${externs}
const struct asset assets[] = {
${rows}};
const size_t assets_count = ${count};
")
