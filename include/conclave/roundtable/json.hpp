#pragma once

// All JSON forms of the roundtable.

#include <conclave/roundtable/event_json.hpp>
#include <conclave/roundtable/request_json.hpp>
#include <conclave/roundtable/response_json.hpp>
