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

function(conclave_build_snippet target)
    target_link_libraries(${target} PRIVATE conclave::conclave)
    set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
    target_compile_options(${target} PRIVATE
        -O0 -fsanitize=address -Wall -Wextra -Werror ${CONCLAVE_QUICK_COMPILE})
    target_link_options(${target} PRIVATE -fsanitize=address)
endfunction()

function(conclave_run_snippet name)
    if(TARGET with_scripted_provider)
        add_test(NAME snippet.${name} COMMAND with_scripted_provider ${ARGN})
        set_tests_properties(snippet.${name} PROPERTIES LABELS structure TIMEOUT 60)
    endif()
endfunction()

add_executable(ask_snippets "${snippets_dir}/snippets.cpp")
conclave_build_snippet(ask_snippets)
foreach(snippet IN LISTS snippets)
    string(REGEX MATCH "^([^ ]+) ([a-z]+)$" _ "${snippet}")
    set(name "${CMAKE_MATCH_1}")
    set(kind "${CMAKE_MATCH_2}")
    set(target "snippet_${name}")
    if(kind STREQUAL "run" OR kind STREQUAL "program")
        add_executable(${target} "${snippets_dir}/${name}.cpp")
        conclave_build_snippet(${target})
    endif()
    if(kind STREQUAL "run")
        conclave_run_snippet(${name} $<TARGET_FILE:${target}>)
    elseif(kind STREQUAL "ask")
        conclave_run_snippet(${name} $<TARGET_FILE:ask_snippets> ${name})
    endif()
endforeach()
if(snippets AND NOT TARGET with_scripted_provider)
    message(STATUS "Snippets of the documentation: built, but not run without the examples")
endif()
