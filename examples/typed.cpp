// Answers as values of a struct: its JSON Schema goes to every model, and what comes back is
// decoded. Then a vote whose choices are an enum.

#include <conclave/conclave.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

enum class risk { low, medium, high };
CONCLAVE_DESCRIBE_ENUM(risk, low, medium, high)

struct reason {
    std::string claim;
    std::optional<std::string> source;
};
CONCLAVE_DESCRIBE(reason, claim, (source, "Where that can be read"))

struct verdict {
    std::string label;
    double confidence = 0;
    risk of_regret = risk::low;
    std::vector<reason> reasons;
};
CONCLAVE_DESCRIBE(verdict, (label, "The database, by its usual name"),
                  (confidence, "How sure, from 0 to 1"), of_regret, reasons)

asio::awaitable<void> ask() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};
    auto request = conclave::roundtable_request("Which database for a multi-tenant SaaS?")
                       .model("openai/gpt-5.5")
                       .model("anthropic/claude-sonnet-4-6")
                       .model("gemini/gemini-2.5-pro");

    auto answer = co_await conclave::roundtable<verdict>(client, request);
    for (const auto& seat : answer.results) {
        std::cout << seat.model << ": ";
        if (seat.has_value()) {
            std::cout << seat.value().label << ", " << seat.value().reasons.size() << " reasons\n";
        } else {
            std::cout << seat.error.value_or(seat.schema_error.value_or("no verdict")) << '\n';
        }
    }
    const verdict& agreed = answer.value();
    std::cout << "Together: " << agreed.label << ", " << agreed.confidence << ", "
              << conclave::json::name_of(agreed.of_regret) << " risk of regret\n";

    request.resolve_by(conclave::resolution::multiple_choice);
    auto voted = co_await conclave::roundtable<risk>(client, request);
    if (voted.value() == risk::high) std::cout << "Think again.\n";
    for (const auto& [choice, count] : voted.meta.votes)
        std::cout << choice << ' ' << count << '\n';
}

}  // namespace

int main() {
    asio::io_context context;
    asio::co_spawn(context, ask(), [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
    });
    try {
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
