#pragma once

namespace running {

// GCC says by macros which sanitizer a program is built with, Clang by features.
#if defined(__has_feature)
constexpr bool with_address_sanitizer = __has_feature(address_sanitizer);
constexpr bool with_thread_sanitizer = __has_feature(thread_sanitizer);
#else
#if defined(__SANITIZE_ADDRESS__)
constexpr bool with_address_sanitizer = true;
#else
constexpr bool with_address_sanitizer = false;
#endif
#if defined(__SANITIZE_THREAD__)
constexpr bool with_thread_sanitizer = true;
#else
constexpr bool with_thread_sanitizer = false;
#endif
#endif

}  // namespace running
