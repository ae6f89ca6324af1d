# Finds RE2, whose packages differ: newer ones bring a CMake package, Debian 12's brings none.
#
# Defines the target `RE2::RE2`, and RE2_FOUND.

if(NOT TARGET RE2::RE2)
    find_package(re2 CONFIG QUIET)
    if(TARGET re2::re2)
        add_library(RE2::RE2 INTERFACE IMPORTED)
        target_link_libraries(RE2::RE2 INTERFACE re2::re2)
        set(RE2_INCLUDE_DIR "re2::re2")
        set(RE2_LIBRARY "re2::re2")
    else()
        find_path(RE2_INCLUDE_DIR NAMES re2/re2.h DOC "The directory that contains re2/re2.h")
        find_library(RE2_LIBRARY NAMES re2 DOC "The library RE2")
        mark_as_advanced(RE2_INCLUDE_DIR RE2_LIBRARY)
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(RE2
    REQUIRED_VARS RE2_LIBRARY RE2_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "On Debian and Ubuntu it is the package libre2-dev.")

if(RE2_FOUND AND NOT TARGET RE2::RE2)
    find_package(Threads REQUIRED)
    add_library(RE2::RE2 INTERFACE IMPORTED)
    target_include_directories(RE2::RE2 SYSTEM INTERFACE "${RE2_INCLUDE_DIR}")
    target_link_libraries(RE2::RE2 INTERFACE "${RE2_LIBRARY}" Threads::Threads)
endif()
