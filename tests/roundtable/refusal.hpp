#pragma once

#include <string>

#include <gtest/gtest.h>

#include <conclave/error.hpp>

namespace conclave::tests {

// The field that a call refuses, empty if it refuses none.
template <class Call>
std::string refused_field(Call&& attempt) {
    try {
        attempt();
    } catch (const error& refusal) {
        EXPECT_EQ(refusal.code(), errc::invalid_request) << refusal.what();
        EXPECT_NE(std::string(refusal.what()).find(refusal.field() + ' '), std::string::npos);
        return refusal.field();
    }
    return {};
}

}  // namespace conclave::tests
