#pragma once

/// The version, major · 10000 + minor · 100 + patch. CMake and Meson read it from this line.
#define CONCLAVE_VERSION 100

/// The same as text: `"0.1.0"`.
#define CONCLAVE_VERSION_STRING "0.1.0"
