# Makes openapi.yaml part of the server. Run as a script, `cmake -DOUTPUT=… -P openapi.cmake`, it
# writes the C++ that has it.

set(document "${CMAKE_CURRENT_LIST_DIR}/openapi.yaml")

if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/openapi_document.cpp")
    add_custom_command(OUTPUT "${output}"
        COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" -P "${CMAKE_CURRENT_LIST_DIR}/openapi.cmake"
        DEPENDS "${document}" "${CMAKE_CURRENT_LIST_DIR}/openapi.cmake"
        VERBATIM)
    target_sources(server PRIVATE "${output}")
    target_include_directories(server PRIVATE "${CMAKE_CURRENT_LIST_DIR}")
    return()
endif()

file(READ "${document}" bytes HEX)
string(LENGTH "${bytes}" length)
math(EXPR length "${length} / 2")
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Made by openapi.cmake.
#include \"openapi_document.hpp\"

namespace {
const char document_bytes[] = {${bytes}};
}  // namespace

std::string_view server::openapi_document() { return {document_bytes, ${length}}; }
")
