#pragma once

// The whole of the library but `conclave/testing`, which only tests and demonstrations need.

#include <conclave/client/client.hpp>
#include <conclave/client/complete.hpp>
#include <conclave/client/embed.hpp>
#include <conclave/client/models.hpp>
#include <conclave/client/options.hpp>
#include <conclave/config.hpp>
#include <conclave/error.hpp>
#include <conclave/json/decode.hpp>
#include <conclave/json/describe.hpp>
#include <conclave/json/partial.hpp>
#include <conclave/json/schema_of.hpp>
#include <conclave/roundtable/growing_answers.hpp>
#include <conclave/roundtable/json.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/roundtable.hpp>
#include <conclave/roundtable/stream.hpp>
#include <conclave/roundtable/typed.hpp>
#include <conclave/version.hpp>
