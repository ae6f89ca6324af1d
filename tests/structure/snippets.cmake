# Every C++ block of the README and the docs is compiled as users would, with GCC 12 under the
# address sanitizer among others, and run against the scripted provider. snippets.py writes them.

set(snippets_py "${CMAKE_CURRENT_SOURCE_DIR}/snippets.py")
set(snippets_dir "${CMAKE_CURRENT_BINARY_DIR}/snippets")

file(GLOB_RECURSE pages CONFIGURE_DEPENDS "${repository}/docs/*.md")
file(GLOB readme CONFIGURE_DEPENDS "${repository}/README.md")
list(APPEND pages ${readme})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pages} "${snippets_py}")
execute_process(
    COMMAND "${Python3_EXECUTABLE}" "${snippets_py}" "${repository}" "${snippets_dir}"
    OUTPUT_VARIABLE snippets
    ERROR_VARIABLE complaint
    OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${complaint}")
endif()

string(REPLACE "\n" ";" snippets "${snippets}")
foreach(snippet IN LISTS snippets)
    string(REGEX MATCH "^([^ ]+) ([a-z]+)$" _ "${snippet}")
    set(test "snippet.${CMAKE_MATCH_1}")
    set(name "snippet_${CMAKE_MATCH_1}")
    set(source "${snippets_dir}/${CMAKE_MATCH_1}.cpp")
    set(kind "${CMAKE_MATCH_2}")
    if(kind STREQUAL "object")
        add_library(${name} OBJECT "${source}")
    else()
        add_executable(${name} "${source}")
    endif()
    target_link_libraries(${name} PRIVATE conclave::conclave)
    set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
    target_compile_options(${name} PRIVATE
        -O0 -fsanitize=address -Wall -Wextra -Werror ${CONCLAVE_QUICK_COMPILE})
    target_link_options(${name} PRIVATE -fsanitize=address)
    if(kind STREQUAL "run" AND TARGET with_scripted_provider)
        add_test(NAME ${test} COMMAND with_scripted_provider $<TARGET_FILE:${name}>)
        set_tests_properties(${test} PROPERTIES LABELS structure TIMEOUT 60)
    endif()
endforeach()
if(snippets AND NOT TARGET with_scripted_provider)
    message(STATUS "Snippets of the documentation: built, but not run without the examples")
endif()
