# Makes the files of page/ part of the server. Run as a script, `cmake -DOUTPUT=… -P page.cmake`, it
# writes the C++ that has them.

set(folder "${CMAKE_CURRENT_LIST_DIR}/page")
set(watched "")
if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(watched CONFIGURE_DEPENDS)
endif()
file(GLOB files ${watched} RELATIVE "${folder}"
    "${folder}/*.html" "${folder}/*.css" "${folder}/*.js" "${folder}/*.svg" "${folder}/vendor/*.js")

if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/page_files.cpp")
    list(TRANSFORM files PREPEND "${folder}/" OUTPUT_VARIABLE paths)
    add_custom_command(OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" -P "${CMAKE_CURRENT_LIST_DIR}/page.cmake"
        DEPENDS ${paths} "${CMAKE_CURRENT_LIST_DIR}/page.cmake"
        VERBATIM)
    target_sources(server PRIVATE "${output}")
    target_include_directories(server PRIVATE "${CMAKE_CURRENT_LIST_DIR}")
    set_source_files_properties("${output}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    return()
endif()

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(arrays "")
set(entries "")
set(count 0)
foreach(file IN LISTS files)
    file(READ "${folder}/${file}" bytes HEX)
    file(SHA256 "${folder}/${file}" tag)
    string(LENGTH "${bytes}" length)
    math(EXPR length "${length} / 2")
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    string(REGEX MATCH "[a-z]+$" extension "${file}")
    set(path "/page/${file}")
    if(file STREQUAL "index.html")
        set(path "/")
    endif()
    string(SUBSTRING "${tag}" 0 32 tag)
    string(APPEND arrays "const char content_${count}[] = {${bytes}};\n")
    string(APPEND entries "    {\"${path}\", \"${type_${extension}}\", \"\\\"${tag}\\\"\", "
        "{content_${count}, ${length}}},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(WRITE "${OUTPUT}" "// Made by page.cmake.
#include \"page.hpp\"

namespace {
${arrays}
const server::page_file files[] = {
${entries}};
}  // namespace

std::span<const server::page_file> server::page_files() { return files; }
")
