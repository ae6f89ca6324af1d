#pragma once

// What CONCLAVE_DESCRIBE is made of: a macro applied to each of up to 256 arguments, the results
// separated by commas. Each line of expansions scans the text four times more, and each scan
// expands one argument.

#define CONCLAVE_DETAIL_SCAN(...) \
    CONCLAVE_DETAIL_SCAN_4(       \
        CONCLAVE_DETAIL_SCAN_4(CONCLAVE_DETAIL_SCAN_4(CONCLAVE_DETAIL_SCAN_4(__VA_ARGS__))))
#define CONCLAVE_DETAIL_SCAN_4(...) \
    CONCLAVE_DETAIL_SCAN_3(         \
        CONCLAVE_DETAIL_SCAN_3(CONCLAVE_DETAIL_SCAN_3(CONCLAVE_DETAIL_SCAN_3(__VA_ARGS__))))
#define CONCLAVE_DETAIL_SCAN_3(...) \
    CONCLAVE_DETAIL_SCAN_2(         \
        CONCLAVE_DETAIL_SCAN_2(CONCLAVE_DETAIL_SCAN_2(CONCLAVE_DETAIL_SCAN_2(__VA_ARGS__))))
#define CONCLAVE_DETAIL_SCAN_2(...) \
    CONCLAVE_DETAIL_SCAN_1(         \
        CONCLAVE_DETAIL_SCAN_1(CONCLAVE_DETAIL_SCAN_1(CONCLAVE_DETAIL_SCAN_1(__VA_ARGS__))))
#define CONCLAVE_DETAIL_SCAN_1(...) __VA_ARGS__

#define CONCLAVE_DETAIL_PARENTHESES ()
#define CONCLAVE_DETAIL_FOR_EACH(macro, ...) \
    __VA_OPT__(CONCLAVE_DETAIL_SCAN(CONCLAVE_DETAIL_STEP(macro, __VA_ARGS__)))
#define CONCLAVE_DETAIL_STEP(macro, first, ...) \
    macro(first) __VA_OPT__(, CONCLAVE_DETAIL_AGAIN CONCLAVE_DETAIL_PARENTHESES(macro, __VA_ARGS__))
#define CONCLAVE_DETAIL_AGAIN() CONCLAVE_DETAIL_STEP

// `prefix##1` for an argument in parentheses, `prefix##0` for a plain one.
#define CONCLAVE_DETAIL_BY_PARENTHESES(prefix, argument) \
    CONCLAVE_DETAIL_JOIN(prefix, CONCLAVE_DETAIL_IS_IN_PARENTHESES(argument))
#define CONCLAVE_DETAIL_IS_IN_PARENTHESES(argument) \
    CONCLAVE_DETAIL_SECOND(CONCLAVE_DETAIL_PROBE argument, 0, )
#define CONCLAVE_DETAIL_PROBE(...) , 1
#define CONCLAVE_DETAIL_SECOND(...) CONCLAVE_DETAIL_SECOND_OF(__VA_ARGS__)
#define CONCLAVE_DETAIL_SECOND_OF(first, second, ...) second
#define CONCLAVE_DETAIL_JOIN(left, right) CONCLAVE_DETAIL_JOIN_NOW(left, right)
#define CONCLAVE_DETAIL_JOIN_NOW(left, right) left##right
