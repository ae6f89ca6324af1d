# Run by `cmake --install`; cmake/install.cmake sets the variables.

set(prefix "${CMAKE_INSTALL_PREFIX}")

# The headers are to be system headers for users. The compiler treats its own directories so
# already, and is confused by -isystem for one of them.
if(prefix MATCHES "^/usr(/local)?/?$")
    set(include_flag "-I")
else()
    set(include_flag "-isystem")
endif()

configure_file("${template}" "${output}" @ONLY)
file(INSTALL "${output}" DESTINATION "${prefix}/${datadir}/pkgconfig")
