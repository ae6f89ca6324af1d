#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <simdjson.h>

#include <conclave/error.hpp>
#include <conclave/json/decode_error.hpp>
#include <conclave/json/describe.hpp>
#include <conclave/json/detail/decode_failure.hpp>
#include <conclave/json/detail/decode_source.hpp>
#include <conclave/json/detail/shape.hpp>
#include <conclave/json/detail/takes.hpp>
#include <conclave/json/detail/whole_number.hpp>

namespace conclave::json::detail {

/// One text on its way into one value. What fails returns false; the first failure is kept.
class decoding {
public:
    static constexpr int max_depth = 256;

    decoding(ondemand::parser& parser, std::size_t text_size)
        : parser_(parser), trial_budget_(64 * text_size + 1024) {}

    /// Reads the text, which stands as the one element of an array in `buffer`, so that scalars are
    /// read like all else, with simdjson's padding behind it.
    template <class T>
    bool read_whole(std::string& buffer, T& out) {
        ondemand::document document;
        const std::size_t size = buffer.size() - simdjson::SIMDJSON_PADDING;
        if (parser_.iterate(buffer.data(), size, buffer.size()).get(document)) return broken();
        ondemand::array around;
        if (document.get_array().get(around)) return broken();
        bool found = false;
        for (auto each : around) {
            ondemand::value value;
            if (found || each.get(value)) return broken();
            found = true;
            decode_source from(value);
            if (!read(from, out, place())) return false;
        }
        const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
        return (found && at_end) || broken();
    }

    /// Whether it failed because the text is not JSON, as far as was seen.
    bool is_broken() const noexcept { return broken_; }
    /// What failed, unless the text is not JSON.
    decode_error& failure() noexcept { return failure_; }

private:
    template <class T>
    bool read(decode_source& from, T& out, const place& at) {
        constexpr shape kind = shape_of<T>;
        if (from.failed()) return broken();
        if (trials_ != 0 && !may_spend(from.value().raw_json_token().size())) return false;
        if constexpr (kind != shape::alternatives) {
            if (!takes<T>(from.type())) return mismatch<T>(from, at);
        }
        if constexpr (kind == shape::boolean) {
            return !from.value().get_bool().get(out) || broken();
        } else if constexpr (kind == shape::integer) {
            return read_integer(from, out, at);
        } else if constexpr (kind == shape::real) {
            return read_real(from, out, at);
        } else if constexpr (kind == shape::string) {
            return read_string(from, out);
        } else if constexpr (kind == shape::enumeration) {
            return read_enumeration(from, out, at);
        } else if constexpr (kind == shape::structure) {
            return read_structure(from, out, at, description_of<T>);
        } else if constexpr (kind == shape::list) {
            return read_list(from, out, at);
        } else if constexpr (kind == shape::array) {
            return read_array(from, out, at);
        } else if constexpr (kind == shape::map) {
            return read_map(from, out, at);
        } else if constexpr (kind == shape::nullable) {
            return read_nullable(from, out, at);
        } else if constexpr (kind == shape::alternatives) {
            return read_alternatives(from, out, at);
        } else {
            return unsupported_type<T>(), false;
        }
    }

    template <class T>
    bool read_integer(decode_source& from, T& out, const place& at) {
        using widest = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
        widest number = 0;
        bool failed = false;
        if constexpr (std::is_signed_v<T>) {
            failed = from.value().get_int64().get(number) != simdjson::SUCCESS;
        } else {
            failed = from.value().get_uint64().get(number) != simdjson::SUCCESS;
        }
        if (failed) {  // spelled in another way, like 5.0 or 5e2, or out of range
            const whole_number whole = to_whole_number(from.token());
            if (whole.is == whole_number::kind::none) return broken();
            const std::uint64_t most =
                static_cast<std::uint64_t>(std::numeric_limits<widest>::max());
            const std::uint64_t below = std::is_signed_v<T> ? most + 1 : 0;
            if (whole.is == whole_number::kind::other ||
                whole.magnitude > (whole.negative ? below : most))
                return mismatch<T>(from, at);
            // in unsigned arithmetic, where the least number has its place too
            number = static_cast<widest>(whole.negative ? 0 - whole.magnitude : whole.magnitude);
        }
        if (!std::in_range<T>(number)) return mismatch<T>(from, at);
        out = static_cast<T>(number);
        return true;
    }

    template <class T>
    bool read_real(decode_source& from, T& out, const place& at) {
        double number = 0;
        if (from.value().get_double().get(number)) {
            return is_number_text(from.token()) ? refuse_size<T>(from, at) : broken();
        }
        if constexpr (std::same_as<T, float>) {
            constexpr double too_large = 0x1.ffffffp127;  // what is below is nearest to a float
            constexpr double most = std::numeric_limits<float>::max();
            if (std::abs(number) >= too_large) return refuse_size<T>(from, at);
            number = std::clamp(number, -most, most);
        }
        out = static_cast<T>(number);
        return true;
    }

    bool read_string(decode_source& from, std::string& out) {
        std::string_view text;
        if (!read_string_token(parser_, from.token(), out, text)) return broken();
        if (text.data() != out.data()) out = text;
        return !from.value().get_raw_json_string().error() || broken();
    }

    template <class T>
    bool read_enumeration(decode_source& from, T& out, const place& at) {
        std::string scratch;
        std::string_view name;
        if (!read_string_token(parser_, from.token(), scratch, name)) return broken();
        const std::optional<T> found = enumerator_named<T>(name);
        if (!found) return mismatch<T>(from, at);
        out = *found;
        return !from.value().get_raw_json_string().error() || broken();
    }

    template <class T>
    bool read_nullable(decode_source& from, T& out, const place& at) {
        if (from.type() == ondemand::json_type::null) {
            bool null = false;
            if (from.value().is_null().get(null) || !null) return broken();
            out.reset();
            return true;
        }
        if constexpr (requires { out.emplace(); }) {
            return read(from, out.emplace(), at);
        } else {
            out = std::make_unique<typename T::element_type>();
            return read(from, *out, at);
        }
    }

    template <class T>
    bool read_list(decode_source& from, T& out, const place& at) {
        out.clear();
        return each_element(from, at, [&](decode_source& element, const place& where) {
            if constexpr (std::same_as<typename T::value_type, bool>) {
                bool flag = false;
                if (!read(element, flag, where)) return false;
                out.push_back(flag);
                return true;
            } else {
                return read(element, out.emplace_back(), where);
            }
        });
    }

    template <class T>
    bool read_array(decode_source& from, T& out, const place& at) {
        std::size_t count = 0;
        const bool all_read =
            each_element(from, at, [&](decode_source& element, const place& where) {
                if (count == out.size()) return refuse_length<T>(at, "more");
                return read(element, out[count++], where);
            });
        if (!all_read) return false;
        return count == out.size() || refuse_length<T>(at, std::to_string(count));
    }

    template <class T>
    bool read_map(decode_source& from, T& out, const place& at) {
        out.clear();
        return each_member(from, at, [&](decode_source& value, const place& where) {
            const auto [entry, is_new] = out.try_emplace(std::string(where.name));
            return is_new ? read(value, entry->second, where) : refuse_twice(where);
        });
    }

    template <class T, auto... Pointers>
    bool read_structure(decode_source& from, T& out, const place& at,
                        const described_struct<T, Pointers...>& described) {
        constexpr std::size_t count = sizeof...(Pointers);
        using reader = bool (*)(decoding&, decode_source&, T&, const place&);
        static constexpr std::array<reader, count> readers = {&read_member<T, Pointers>...};
        static constexpr std::array<bool, count> optional = {
            may_be_absent<member_type<T, Pointers>>...};

        std::array<bool, count> seen{};
        std::size_t next = 0;
        const auto take = [&](decode_source& value, const place& where) {
            const std::size_t index = find_member(described.members, next, where.name);
            if (index == count) return refuse_unknown(where);
            if (std::exchange(seen[index], true)) return refuse_twice(where);
            next = index + 1;
            return readers[index](*this, value, out, where);
        };
        if (!each_member(from, at, take)) return false;
        for (std::size_t i = 0; i < count; ++i) {
            if (!seen[i] && !optional[i]) return refuse_missing(at, described.members[i].name);
        }
        return true;
    }

    template <class T, auto Pointer>
    static bool read_member(decoding& self, decode_source& from, T& out, const place& at) {
        return self.read(from, out.*Pointer, at);
    }

    // The members' index, looked for from where it is if they come in order.
    template <std::size_t Count>
    static std::size_t find_member(const std::array<described_member, Count>& members,
                                   std::size_t next, std::string_view name) {
        for (std::size_t i = next; i < Count; ++i) {
            if (members[i].name == name) return i;
        }
        for (std::size_t i = 0; i < next; ++i) {
            if (members[i].name == name) return i;
        }
        return Count;
    }

    // The one alternative that the JSON type allows; where there are several, the first that fits.
    template <class... Alternatives>
    bool read_alternatives(decode_source& from, std::variant<Alternatives...>& out,
                           const place& at) {
        using whole = std::variant<Alternatives...>;
        const auto type = from.type();
        const std::size_t candidates = (std::size_t{takes<Alternatives>(type)} + ...);
        if (candidates == 0) return mismatch<whole>(from, at);
        if (candidates > 1) ++trials_;
        const bool found = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            return ((takes<Alternatives>(type) && !broken_ && trial_budget_ != 0 &&
                     read(from, out.template emplace<Index>(), at)) ||
                    ...);
        }
        (std::index_sequence_for<Alternatives...>());
        if (candidates == 1) return found;
        --trials_;
        if (found || broken_) return found;
        if (trials_ != 0) return false;
        if (trial_budget_ == 0) return refuse(at, "too many alternatives would have to be tried");
        std::string what = "expected " + expectation<whole>() + ", found " + finding(from.token());
        const std::string_view token = from.token();
        if (token == "{" || token == "[") what += " of another shape";
        return refuse(at, std::move(what));
    }

    template <class Visit>
    bool each_element(decode_source& from, const place& at, Visit visit) {
        if (++depth_ > max_depth) return refuse_depth(at);
        ondemand::array* const elements = from.array();
        if (elements == nullptr) return broken();
        place where{&at, {}, 0, true};
        for (auto each : *elements) {
            ondemand::value value;
            if (each.get(value)) return broken();
            decode_source element(value);
            if (!visit(element, where)) return left_early();
            ++where.index;
        }
        --depth_;
        return true;
    }

    template <class Visit>
    bool each_member(decode_source& from, const place& at, Visit visit) {
        if (++depth_ > max_depth) return refuse_depth(at);
        ondemand::object* const members = from.object();
        if (members == nullptr) return broken();
        std::string scratch;
        place where{&at, {}, 0, false};
        for (auto each : *members) {
            ondemand::field field;
            if (std::move(each).get(field)) return broken();
            if (!read_key(parser_, field.key(), scratch, where.name)) return broken();
            if (!may_spend(where.name.size() + 1)) return left_early();
            decode_source value(field.value());
            if (!visit(value, where)) return left_early();
        }
        --depth_;
        return true;
    }

    bool left_early() {
        --depth_;
        return false;
    }

    bool broken() {
        broken_ = true;
        return false;
    }

    // While alternatives are tried, every step costs: their number may be exponential.
    bool may_spend(std::size_t cost) {
        if (trials_ == 0) return true;
        trial_budget_ = cost < trial_budget_ ? trial_budget_ - cost : 0;
        return trial_budget_ != 0;
    }

    bool refuse(const place& at, std::string message) {
        failure_.code = errc::schema_mismatch;
        failure_.instance_location.clear();
        append_pointer(failure_.instance_location, at);
        failure_.message = std::move(message);
        return false;
    }
    template <class T>
    bool mismatch(decode_source& from, const place& at) {
        if (trials_ != 0) return false;
        return refuse(at, "expected " + expectation<T>() + ", found " + finding(from.token()));
    }
    template <class T>
    bool refuse_size(decode_source& from, const place& at) {
        if (trials_ != 0) return false;
        const std::string wanted = std::same_as<T, float> ? "a float" : "a double";
        return refuse(
            at, "expected a number that " + wanted + " holds, found " + finding(from.token()));
    }
    template <class T>
    bool refuse_length(const place& at, const std::string& found) {
        if (trials_ != 0) return false;
        return refuse(at, "expected " + expectation<T>() + ", found " + found);
    }
    bool refuse_unknown(const place& at) {
        if (trials_ != 0) return false;
        return refuse(at, "a member named " + quoted(at.name) + " is not expected");
    }
    bool refuse_twice(const place& at) {
        if (trials_ != 0) return false;
        return refuse(at, "the member " + quoted(at.name) + " is there twice");
    }
    bool refuse_missing(const place& at, std::string_view name) {
        if (trials_ != 0) return false;
        return refuse(at, "the member " + quoted(name) + " is missing");
    }
    bool refuse_depth(const place& at) {
        --depth_;
        if (trials_ != 0) return false;
        return refuse(at, "nested deeper than " + std::to_string(max_depth) + " levels");
    }

    ondemand::parser& parser_;
    std::size_t trial_budget_;
    int trials_ = 0;
    int depth_ = 0;
    bool broken_ = false;
    decode_error failure_;
};

}  // namespace conclave::json::detail
