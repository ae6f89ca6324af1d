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
file(WRITE node_modules/installed "${wanted}")
