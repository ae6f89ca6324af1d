#include <conclave/http/trace_context.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace conclave::http {
namespace {

const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, KnowsAWellFormedTraceparent) {
    EXPECT_TRUE(is_traceparent(parent));
    EXPECT_TRUE(is_traceparent("cc" + parent.substr(2) + "-what-comes-later"));
    EXPECT_TRUE(is_traceparent("cc" + parent.substr(2)));
}

TEST(TraceContext, RefusesWhatIsNone) {
    EXPECT_FALSE(is_traceparent(""));
    EXPECT_FALSE(is_traceparent(parent + "-more"));
    EXPECT_FALSE(is_traceparent("cc" + parent.substr(2) + "more"));
    EXPECT_FALSE(is_traceparent("ff" + parent.substr(2)));
    EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
    EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
    for (std::size_t i = 0; i < parent.size(); ++i) {
        std::string wrong = parent;
        wrong[i] = wrong[i] == '-' ? '0' : 'G';
        EXPECT_FALSE(is_traceparent(wrong)) << wrong;
        wrong[i] = 'A';
        EXPECT_FALSE(is_traceparent(wrong)) << wrong;
        EXPECT_FALSE(is_traceparent(parent.substr(0, i)));
    }
}

TEST(TraceContext, AChildIsOfTheSameTraceWithTheSameFlags) {
    EXPECT_EQ(child_traceparent(parent, 0x1a2b),
              "00-0af7651916cd43dd8448eb211c80319c-0000000000001a2b-01");
    EXPECT_EQ(child_traceparent("cc" + parent.substr(2, 51) + "00-x", 0),
              "00-0af7651916cd43dd8448eb211c80319c-0000000000000001-00");
    EXPECT_EQ(child_traceparent("nonsense", 1), "");
    EXPECT_EQ(trace_id(parent), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(trace_id("nonsense"), "");
}

}  // namespace
}  // namespace conclave::http
