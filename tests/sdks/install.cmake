# Installs the packages of the lock file, unless they are there already. No package runs anything
# while it is installed.
file(SHA256 package-lock.json wanted)
set(installed "")
if(EXISTS node_modules/installed)
    file(READ node_modules/installed installed)
endif()
if(installed STREQUAL wanted)
    return()
endif()
execute_process(
    COMMAND "${NPM}" ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error
    COMMAND_ERROR_IS_FATAL ANY)

# One of the packages is the Node for this machine; not every npm links it to where programs are.
file(GLOB node "${CMAKE_CURRENT_SOURCE_DIR}/node_modules/node-linux-*/bin/node")
if(NOT node)
    message(FATAL_ERROR "none of the packages has a Node for this machine")
endif()
file(CREATE_LINK "${node}" node SYMBOLIC)
file(WRITE node_modules/installed "${wanted}")
