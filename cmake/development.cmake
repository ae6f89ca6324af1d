# Settings of our own programs: tests, examples, fuzz targets. Nothing here reaches users.

set(CONCLAVE_SANITIZE "" CACHE STRING
    "Sanitizers for tests, examples and fuzz targets: \"address,undefined\" or \"thread\"")

option(CONCLAVE_COVERAGE "Count which lines and branches the tests run; needs Clang" OFF)

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_library(conclave_development INTERFACE)
target_compile_options(conclave_development INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
target_compile_definitions(conclave_development INTERFACE ASIO_NO_DEPRECATED)
# GCC collects its garbage from the first hundred megabytes on; later is a sixth faster.
set(CONCLAVE_QUICK_COMPILE "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(CONCLAVE_QUICK_COMPILE --param=ggc-min-heapsize=1048576)
endif()
target_compile_options(conclave_development INTERFACE ${CONCLAVE_QUICK_COMPILE})
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC takes an anonymous namespace in an included source for one in a header.
    target_compile_options(conclave_development INTERFACE -Wno-subobject-linkage)
endif()
if(CONCLAVE_SANITIZE)
    target_compile_options(conclave_development INTERFACE
        -fsanitize=${CONCLAVE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(conclave_development INTERFACE -fsanitize=${CONCLAVE_SANITIZE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC takes what it instruments itself for uninitialised, and says so in its manual.
        target_compile_options(conclave_development INTERFACE -Wno-maybe-uninitialized)
    endif()
    if(CONCLAVE_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # GCC warns that it does not model atomic_thread_fence; tests/tsan.supp answers for that.
        target_compile_options(conclave_development INTERFACE -Wno-tsan)
    endif()
endif()
if(CONCLAVE_COVERAGE)
    set(coverage_flags -fprofile-instr-generate -fcoverage-mapping)
    target_compile_options(conclave_development INTERFACE ${coverage_flags})
    target_link_options(conclave_development INTERFACE ${coverage_flags})
endif()

# A program of ours: the library, and warnings as errors. The presets for development compile all
# sources of a program as one (CMAKE_UNITY_BUILD), which takes a third of the time.
function(conclave_add_program name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE conclave::conclave conclave_development)
endfunction()
