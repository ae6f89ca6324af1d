# Finds the headers of standalone Asio, which ships no CMake package of its own.
#
# Defines the target `asio::asio`, and Asio_FOUND, Asio_VERSION and Asio_INCLUDE_DIR.

find_path(Asio_INCLUDE_DIR NAMES asio.hpp DOC "The directory that contains asio.hpp")
mark_as_advanced(Asio_INCLUDE_DIR)

if(Asio_INCLUDE_DIR AND EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
    # 102201 is 1.22.1
    file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" _asio_line REGEX "define ASIO_VERSION [0-9]+")
    if(_asio_line MATCHES "ASIO_VERSION ([0-9]+)")
        math(EXPR _asio_major "${CMAKE_MATCH_1} / 100000")
        math(EXPR _asio_minor "${CMAKE_MATCH_1} / 100 % 1000")
        math(EXPR _asio_patch "${CMAKE_MATCH_1} % 100")
        set(Asio_VERSION "${_asio_major}.${_asio_minor}.${_asio_patch}")
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio
    REQUIRED_VARS Asio_INCLUDE_DIR
    VERSION_VAR Asio_VERSION
    REASON_FAILURE_MESSAGE "On Debian and Ubuntu it is the package libasio-dev.")

if(Asio_FOUND AND NOT TARGET asio::asio)
    find_package(Threads REQUIRED)
    add_library(asio::asio INTERFACE IMPORTED)
    target_include_directories(asio::asio INTERFACE "${Asio_INCLUDE_DIR}")
    target_link_libraries(asio::asio INTERFACE Threads::Threads)
endif()
