# Installs the packages of the page's lock file in a copy of the page, and compares.
file(COPY "${PAGE}" DESTINATION . PATTERN node_modules EXCLUDE)
execute_process(
    COMMAND "${NPM}" ci --ignore-scripts --omit=optional --prefer-offline --no-audit --no-fund
            --loglevel=error
    WORKING_DIRECTORY page
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${NODE}" vendor.mjs --check WORKING_DIRECTORY page
    COMMAND_ERROR_IS_FATAL ANY)
