# What the server needs beside the library. RESTinio's own CMake target is not used: it defines a
# macro that takes std::string_view away from Asio.

find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_path(RESTINIO_INCLUDE_DIR restinio/all.hpp REQUIRED)
find_library(HTTP_PARSER_LIBRARY http_parser REQUIRED)
mark_as_advanced(RESTINIO_INCLUDE_DIR HTTP_PARSER_LIBRARY)

target_include_directories(server SYSTEM PRIVATE "${RESTINIO_INCLUDE_DIR}")
target_link_libraries(server PRIVATE
    fmt::fmt spdlog::spdlog prometheus-cpp::core "${HTTP_PARSER_LIBRARY}")
# RESTinio calls what newer releases of Asio call deprecated.
target_compile_options(server PRIVATE -UASIO_NO_DEPRECATED)
# RESTinio in a unit of its own.
set_source_files_properties("${CMAKE_CURRENT_LIST_DIR}/http_server.cpp"
    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

include("${CMAKE_CURRENT_LIST_DIR}/embedded.cmake")
