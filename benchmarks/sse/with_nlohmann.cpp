// What most C++ clients do: std::getline, and a document tree for each event.

#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "contender.hpp"

namespace conclave::benchmarks {
namespace {

using nlohmann::json;

class receiving_buffer final : public std::streambuf {
public:
    explicit receiving_buffer(source& from) : from_(from), buffer_(from.largest()) {}

protected:
    int_type underflow() override {
        const std::size_t size = from_.read(buffer_.data());
        if (size == 0) return traits_type::eof();
        setg(buffer_.data(), buffer_.data(), buffer_.data() + size);
        return traits_type::to_int_type(buffer_.front());
    }

private:
    source& from_;
    std::vector<char> buffer_;
};

// The member or element of that name, null if there is none.
template <class Key>
const json* find(const json* in, const Key& key) {
    if (in == nullptr) return nullptr;
    if constexpr (std::is_integral_v<Key>) {
        return in->is_array() && in->size() > key ? &(*in)[key] : nullptr;
    } else {
        if (!in->is_object()) return nullptr;
        const auto found = in->find(key);
        return found == in->end() ? nullptr : &*found;
    }
}

const std::string* text_of(const json* value) {
    return value == nullptr ? nullptr : value->get_ptr<const std::string*>();
}

class getline_reader final : public contender {
public:
    explicit getline_reader(format wire) : wire_(wire) {}

    void run(source& from, sink& to) override {
        receiving_buffer buffer(from);
        std::istream stream(&buffer);
        while (std::getline(stream, line_)) {
            std::string_view line = line_;
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (!line.starts_with("data: ")) continue;
            line.remove_prefix(6);
            if (line == "[DONE]") continue;
            const json event = json::parse(line, nullptr, false);
            if (!event.is_discarded()) take(event, to);
        }
    }

private:
    void take(const json& event, sink& to) const {
        if (wire_ == format::google) {
            const json* parts =
                find(find(find(find(&event, "candidates"), 0u), "content"), "parts");
            if (parts == nullptr) return;
            for (const json& part : *parts) {
                const json* thought = find(&part, "thought");
                if (thought != nullptr && *thought == true) continue;
                if (const std::string* text = text_of(find(&part, "text"))) to.delta(*text);
            }
            return;
        }
        if (const std::string* text = text_of(delta_of(event))) to.delta(*text);
    }

    const json* delta_of(const json& event) const {
        if (wire_ == format::chat_completions) {
            return find(find(find(find(&event, "choices"), 0u), "delta"), "content");
        }
        const std::string* type = text_of(find(&event, "type"));
        if (type == nullptr) return nullptr;
        if (wire_ == format::anthropic_messages) {
            return *type == "content_block_delta" ? find(find(&event, "delta"), "text") : nullptr;
        }
        return *type == "response.output_text.delta" ? find(&event, "delta") : nullptr;
    }

    format wire_;
    std::string line_;
};

}  // namespace

std::unique_ptr<contender> make_nlohmann(const corpus& of) {
    if (!of.plain || of.wire == format::none) return nullptr;
    return std::make_unique<getline_reader>(of.wire);
}

}  // namespace conclave::benchmarks
