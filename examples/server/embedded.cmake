# Makes openapi.yaml and the files of page/ part of the server. Run as a script, `cmake -DOUTPUT=… -P
# embedded.cmake`, it writes the C++ that has them.

set(document "${CMAKE_CURRENT_LIST_DIR}/openapi.yaml")
set(folder "${CMAKE_CURRENT_LIST_DIR}/page")
set(watched "")
if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(watched CONFIGURE_DEPENDS)
endif()
file(GLOB files ${watched} RELATIVE "${folder}"
    "${folder}/*.html" "${folder}/*.css" "${folder}/*.js" "${folder}/*.svg" "${folder}/vendor/*.js")

if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/embedded_files.cpp")
    list(TRANSFORM files PREPEND "${folder}/" OUTPUT_VARIABLE paths)
    add_custom_command(OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" -P "${CMAKE_CURRENT_LIST_FILE}"
        DEPENDS "${document}" ${paths} "${CMAKE_CURRENT_LIST_FILE}"
        VERBATIM)
    target_sources(server PRIVATE "${output}")
    target_include_directories(server PRIVATE "${CMAKE_CURRENT_LIST_DIR}")
    set_source_files_properties("${output}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    return()
endif()

# Appends an array of the file's bytes to `arrays`, and sets `view` to what a std::string_view of it
# is made of.
set(arrays "")
set(count 0)
function(embed file)
    file(READ "${file}" bytes HEX)
    string(LENGTH "${bytes}" length)
    math(EXPR length "${length} / 2")
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "const char content_${count}[] = {${bytes}};\n")
    set(view "{content_${count}, ${length}}" PARENT_SCOPE)
    set(arrays "${arrays}" PARENT_SCOPE)
    math(EXPR count "${count} + 1")
    set(count "${count}" PARENT_SCOPE)
endfunction()

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(entries "")
foreach(file IN LISTS files)
    embed("${folder}/${file}")
    file(SHA256 "${folder}/${file}" tag)
    string(SUBSTRING "${tag}" 0 32 tag)
    string(REGEX MATCH "[a-z]+$" extension "${file}")
    set(path "/page/${file}")
    if(file STREQUAL "index.html")
        set(path "/")
    endif()
    string(APPEND entries "    {\"${path}\", \"${type_${extension}}\", \"\\\"${tag}\\\"\", ${view}},\n")
endforeach()

embed("${document}")
file(WRITE "${OUTPUT}" "// Made by embedded.cmake.
#include \"openapi_document.hpp\"
#include \"page.hpp\"

namespace {
${arrays}
const server::page_file files[] = {
${entries}};
}  // namespace

std::string_view server::openapi_document() { return ${view}; }

std::span<const server::page_file> server::page_files() { return files; }
")
