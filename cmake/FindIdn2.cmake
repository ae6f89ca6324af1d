# Finds GNU libidn2, which ships no CMake package.
#
# Defines the target `Idn2::Idn2`, and Idn2_FOUND.

find_path(Idn2_INCLUDE_DIR NAMES idn2.h DOC "The directory that contains idn2.h")
find_library(Idn2_LIBRARY NAMES idn2 DOC "The library libidn2")
mark_as_advanced(Idn2_INCLUDE_DIR Idn2_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Idn2
    REQUIRED_VARS Idn2_LIBRARY Idn2_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "On Debian and Ubuntu it is the package libidn2-dev.")

if(Idn2_FOUND AND NOT TARGET Idn2::Idn2)
    add_library(Idn2::Idn2 INTERFACE IMPORTED)
    target_include_directories(Idn2::Idn2 SYSTEM INTERFACE "${Idn2_INCLUDE_DIR}")
    target_link_libraries(Idn2::Idn2 INTERFACE "${Idn2_LIBRARY}")
endif()
