# Installs the headers, the package for find_package(conclave) and the pkg-config file. Nothing of
# it depends on the architecture, so all of it goes under include/ and share/.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/conclave")

target_include_directories(conclave INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(DIRECTORY include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(TARGETS conclave EXPORT conclave-targets)
install(EXPORT conclave-targets NAMESPACE conclave:: DESTINATION "${package_dir}")

configure_package_config_file(cmake/conclave-config.cmake.in conclave-config.cmake
    INSTALL_DESTINATION "${package_dir}"
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(conclave-config-version.cmake
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/conclave-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/conclave-config-version.cmake"
    cmake/FindAsio.cmake
    cmake/FindIdn2.cmake
    cmake/FindRE2.cmake
    DESTINATION "${package_dir}")

set(more_requires "")
set(more_flags "")
if(conclave_has_RE2)
    string(APPEND more_requires " re2")
    string(APPEND more_flags " -DCONCLAVE_WITH_RE2=1")
endif()
if(conclave_has_Idn2)
    string(APPEND more_requires " libidn2")
    string(APPEND more_flags " -DCONCLAVE_WITH_IDN2=1")
endif()

# Written while installing, when the prefix is known for certain (`cmake --install … --prefix`).
install(CODE "
    set(version \"${PROJECT_VERSION}\")
    set(description \"${PROJECT_DESCRIPTION}\")
    set(includedir \"${CMAKE_INSTALL_INCLUDEDIR}\")
    set(more_requires \"${more_requires}\")
    set(more_flags \"${more_flags}\")
    set(datadir \"${CMAKE_INSTALL_DATADIR}\")
    set(template \"${PROJECT_SOURCE_DIR}/cmake/conclave.pc.in\")
    set(output \"${CMAKE_CURRENT_BINARY_DIR}/conclave.pc\")")
install(SCRIPT cmake/install-pkg-config.cmake)
