// That the checks see what they are there to see: a good roundtable has nothing wrong with it, and
// each of many ways to spoil it is noticed.

#include "simulation/invariants.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "simulation/panel_record.hpp"
#include "simulation/provider.hpp"
#include "simulation/world.hpp"

namespace conclave::simulation {
namespace {

using namespace std::chrono_literals;

// A roundtable of two seats as it should be: the first was tried twice.
class PanelCheck : public ::testing::Test {
protected:
    PanelCheck() : down_(world_, direction()) {
        roundtable_request request("Question #1");
        request.model("a/anna").model("b/berta").resolve_by(resolution::fast);
        request.max_retries(1).timeout(1s);
        panel_ = std::make_unique<panel_record>(1, std::move(request));
        roundtable_response response;
        response.results = {result(0, "a/anna", 2), result(1, "b/berta", 1)};
        response.meta.total_cost = 1;
        response.meta.models_used = {"a/anna", "b/berta"};
        say(event_type::model_start, 0);
        say(event_type::model_start, 1);
        say(event_type::model_delta, 0).delta = "half";
        say(event_type::model_retry, 0);
        say(event_type::model_delta, 0).delta = "whole";
        say(event_type::model_delta, 1).delta = "whole";
        say(event_type::model_done, 1).result = response.results[1];
        say(event_type::model_done, 0).result = response.results[0];
        say(event_type::done, 0).response = response;
        panel_->response = response;
        panel_->started = world_.now();
        panel_->ended = world_.now() + 1s;
        take("anna", 0ms).chosen.cost = 0.0;
        taken_.back().chosen.text.clear();
        taken_.back().chosen.retry_after = 100ms;
        take("anna", 100ms);
        take("berta", 0ms);
    }

    static model_result result(std::size_t index, const std::string& model, int attempts) {
        model_result made;
        made.index = index;
        made.model = model;
        made.attempts = attempts;
        made.data = answer_text("whole");
        made.cost = 0.5;
        made.duration = 900ms;
        return made;
    }

    stream_event& say(event_type type, std::size_t seat) {
        panel_->events.emplace_back();
        panel_->events.back().type = type;
        panel_->events.back().model_index = seat;
        return panel_->events.back();
    }

    taken_request& take(const std::string& model, std::chrono::milliseconds at) {
        taken_request& taken = taken_.emplace_back();
        taken.question = 1;
        taken.model = taken.key = model;
        taken.at += at;
        taken.chosen.text = "whole";
        taken.chosen.cost = 0.5;
        taken.down = &down_;
        return taken;
    }

    std::string wrong() const {
        std::string all;
        for (const std::string& each : panel_check(*panel_, taken_).run())
            all += each + '\n';
        return all;
    }

    bool notices(const std::string& what) const { return wrong().find(what) != std::string::npos; }

    std::vector<stream_event>& events() { return panel_->events; }

    world world_{1};
    channel down_;
    std::unique_ptr<panel_record> panel_;
    std::vector<taken_request> taken_;
};

TEST_F(PanelCheck, FindsNothingWrongWithAGoodOne) { EXPECT_EQ(wrong(), ""); }

TEST_F(PanelCheck, NoticesASeatReportedTwice) {
    events().insert(events().end() - 1, events()[7]);
    EXPECT_TRUE(notices("after its end")) << wrong();
}

TEST_F(PanelCheck, NoticesASeatThatIsNeverReported) {
    events().erase(events().begin() + 6);
    EXPECT_TRUE(notices("never ended")) << wrong();
}

TEST_F(PanelCheck, NoticesADeltaBeforeItsStart) {
    std::swap(events()[0], events()[2]);
    EXPECT_TRUE(notices("out of order")) << wrong();
}

TEST_F(PanelCheck, NoticesSeatsThatStartOutOfTurn) {
    std::swap(events()[0], events()[1]);
    EXPECT_TRUE(notices("out of turn")) << wrong();
}

TEST_F(PanelCheck, NoticesWhatComesAfterTheEnd) {
    std::swap(events()[7], events()[8]);
    EXPECT_TRUE(notices("after the end")) << wrong();
}

TEST_F(PanelCheck, NoticesARetryThatIsNotAnnounced) {
    events().erase(events().begin() + 2, events().begin() + 4);
    EXPECT_TRUE(notices("has announced 1 attempts and made 2")) << wrong();
}

TEST_F(PanelCheck, NoticesAnAnswerThatIsNotWhatWasShown) {
    events()[4].delta = "who";
    EXPECT_TRUE(notices("another text than was shown")) << wrong();
}

TEST_F(PanelCheck, NoticesAnAnswerThatNobodyGave) {
    taken_.back().chosen.text = "whole and more";
    EXPECT_TRUE(notices("that nobody gave")) << wrong();
}

TEST_F(PanelCheck, NoticesAResultThatWasReportedOtherwise) {
    panel_->response->results[0].attempts = 1;
    EXPECT_TRUE(notices("another result for seat 0")) << wrong();
}

TEST_F(PanelCheck, NoticesAReturnThatIsLate) {
    panel_->ended = world_.now() + 1s + 2us;
    EXPECT_TRUE(notices("took 1000002 us")) << wrong();
}

TEST_F(PanelCheck, NoticesThatNothingReturned) {
    panel_->ended.reset();
    EXPECT_TRUE(notices("never returned")) << wrong();
}

TEST_F(PanelCheck, NoticesACancellationThatTakesTime) {
    panel_->cancelled = panel_->started;
    EXPECT_TRUE(notices("after it was cancelled")) << wrong();
}

TEST_F(PanelCheck, NoticesACancellationThatNobodyAskedFor) {
    panel_->failure.emplace(errc::cancelled);
    EXPECT_TRUE(notices("nobody did that")) << wrong();
}

TEST_F(PanelCheck, NoticesATimeoutThatIsEarly) {
    events()[7].type = event_type::model_error;
    events()[7].result->error = "timed out";
    events()[7].result->error_code = errc::model_timeout;
    EXPECT_TRUE(notices("timed out after 900000 us")) << wrong();
}

TEST_F(PanelCheck, NoticesARequestThatIsNotReported) {
    take("berta", 10ms);
    EXPECT_TRUE(notices("berta took 2 requests, and 1 are reported")) << wrong();
}

TEST_F(PanelCheck, NoticesMoreRequestsForOneCallThanItMayMake) {
    take("anna", 200ms);
    EXPECT_TRUE(notices("sent 3 requests for one call")) << wrong();
}

TEST_F(PanelCheck, ExcusesTheRequestThatAPooledConnectionSwallowed) {
    take("berta", 10ms).reused = true;
    EXPECT_EQ(wrong(), "");
}

TEST_F(PanelCheck, NoticesThatSomebodyComesBackTooSoon) {
    taken_[1].at -= 1us;
    EXPECT_TRUE(notices("came back after 99999 us instead of 100000 us")) << wrong();
}

TEST_F(PanelCheck, NoticesABillThatIsHigherThanReported) {
    taken_[0].chosen.cost = 0.25;
    EXPECT_TRUE(notices("anna charged 0.75")) << wrong();
}

TEST_F(PanelCheck, NoticesACostThatIsNotKnown) {
    taken_[0].chosen.cost.reset();
    EXPECT_TRUE(notices("is said to be known")) << wrong();
}

TEST_F(PanelCheck, NoticesATotalThatIsNotTheSum) {
    panel_->response->meta.total_cost = 1.5;
    EXPECT_TRUE(notices("cost 1.000000 and says 1.500000")) << wrong();
}

TEST_F(PanelCheck, NoticesAModelThatWasUsedAndIsNotListed) {
    panel_->response->meta.models_used.pop_back();
    EXPECT_TRUE(notices("used other models")) << wrong();
}

TEST_F(PanelCheck, NoticesAHandlerThatThrewAndIsCalledAgain) {
    panel_->handler_threw = true;
    panel_->throws_at = 3;
    EXPECT_TRUE(notices("went on after its handler had thrown")) << wrong();
}

TEST_F(PanelCheck, NoticesARequestToMergeThatNobodyAskedFor) {
    take("berta", 10ms).merges = true;
    EXPECT_TRUE(notices("merges without being asked to")) << wrong();
}

}  // namespace
}  // namespace conclave::simulation
