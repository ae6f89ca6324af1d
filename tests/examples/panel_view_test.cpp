#include "../../examples/panel/text.hpp"
#include "../../examples/panel/view.hpp"
#include "panel_runs.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using conclave::event_type;
using conclave::resolution;
using std::chrono::milliseconds;

const panel::painter no_colours(false);

std::string joined(const panel::lines& picture) {
    std::string text;
    for (const std::string& line : picture)
        text += line + '\n';
    return text;
}

std::string live(const panel_run& run, int now = 0, panel::screen_size size = {}) {
    return joined(panel::live_frame(run.state, size, no_colours, milliseconds(now)));
}

std::string final(const panel_run& run, std::size_t width = 79) {
    return joined(panel::final_picture(run.state, width, no_colours));
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(PanelView, ASpinnerTurnsWhileAModelThinks) {
    panel_run run({"a"});
    run.seat(event_type::model_start, 0);
    EXPECT_EQ(live(run, 0), "⠋ a  thinking 0.0 s\n\n");
    EXPECT_EQ(live(run, 250), "⠹ a  thinking 0.2 s\n\n");
}

TEST(PanelView, TheEndOfAGrowingAnswerIsShown) {
    panel_run run({"a"});
    run.seat(event_type::model_start, 0);
    for (int i = 0; i < 100; ++i)
        run.seat(event_type::model_delta, 0, "line " + std::to_string(i) + "\n");
    const std::string frame = live(run, 1000);
    EXPECT_TRUE(has(frame, "a  writing 1.0 s\n")) << frame;
    EXPECT_TRUE(has(frame, "line 99\n")) << frame;
    EXPECT_FALSE(has(frame, "line 9\n")) << frame;
}

TEST(PanelView, AFailedSeatSaysWhy) {
    panel_run run({"a", "b"});
    run.at(2100).ends(0, "", "error status 503:\nno capacity").ends(1, "fine");
    const std::string frame = live(run);
    EXPECT_TRUE(has(frame, "✗ a")) << frame;
    EXPECT_TRUE(has(frame, "  error status 503: no capacity\n")) << frame;
    EXPECT_TRUE(has(frame, "✓ b  2.1 s · 10 tokens in, 20 out · $0.25\n  fine\n")) << frame;
}

TEST(PanelView, ARetrySaysWhy) {
    panel_run run({"a"});
    run.seat(event_type::model_start, 0).seat(event_type::model_retry, 0, {}, "connection lost");
    const std::string frame = live(run, 500);
    EXPECT_TRUE(has(frame, "a  trying again 0.5 s\n  connection lost\n")) << frame;
}

TEST(PanelView, TheMergedAnswerGrowsBelow) {
    panel_run run({"a", "b"});
    run.ends(0, "first").ends(1, "second");
    run.merging(event_type::summary_start).merging(event_type::summary_delta, "both agree");
    const std::string frame = live(run);
    EXPECT_LT(frame.find("second"), frame.find("Merging, by merger")) << frame;
    EXPECT_LT(frame.find("Merging, by merger"), frame.find("both agree")) << frame;
}

TEST(PanelView, AFrameFitsAnyScreen) {
    for (const std::size_t seats : {1U, 3U, 40U}) {
        panel_run run(std::vector<std::string>(seats, "provider/a-model-with-a-long-name"));
        for (std::size_t i = 0; i < seats; ++i) {
            run.seat(event_type::model_start, i)
                .seat(event_type::model_delta, i, "日本語 and more words");
        }
        run.ends(0, "many words in an answer\nof lines\nand lines\nand lines\nand lines\n");
        run.merging(event_type::summary_start);
        for (int i = 0; i < 50; ++i)
            run.merging(event_type::summary_delta, "a line of the merged answer\n");
        for (const std::size_t columns : {1U, 2U, 3U, 8U, 21U, 40U, 80U, 200U}) {
            for (const std::size_t rows : {2U, 3U, 4U, 9U, 17U, 24U, 25U, 60U}) {
                const auto frame = panel::live_frame(run.state, {columns, rows}, no_colours, {});
                ASSERT_LT(frame.size(), rows) << seats << " seats, " << columns << " columns";
                for (const std::string& line : frame) {
                    // Marks, spaces and wide characters need a column or two whatever there is.
                    if (columns < 8) continue;
                    ASSERT_LT(panel::columns_of(line), columns) << line;
                }
            }
        }
    }
}

TEST(PanelView, ModelsCannotDriveTheTerminal) {
    panel_run run({"a\x1b[2J", "b"}, resolution::multiple_choice);
    run.seat(event_type::model_start, 0).seat(event_type::model_delta, 0, "x\x1b[2Jy");
    run.seat(event_type::model_start, 1).seat(event_type::model_retry, 1, {}, "\x1b[31mred");
    EXPECT_FALSE(has(live(run), "\x1b"));
    run.ends(0, "x\x1b[2Jy").ends(1, "", "\x1b[31mred");
    run.answer().meta.votes = {{"x\x1b[2J", 1}};
    run.answer().data.emplace("x\x1b[2J");
    run.done();
    EXPECT_FALSE(has(live(run), "\x1b"));
    EXPECT_FALSE(has(final(run), "\x1b"));
}

TEST(PanelView, ColoursComeOnlyFromThePainter) {
    panel_run run({"a"});
    run.ends(0, "fine");
    const auto block = panel::seat_block(run.state.seats[0], 79, panel::painter(true), 5);
    EXPECT_TRUE(has(block[0], "\x1b[32m✓\x1b[0m")) << block[0];
}

TEST(PanelView, WhatAnswersAreShortenedToIsSaid) {
    panel_run run({"a"});
    std::string text;
    for (int i = 1; i <= 10; ++i)
        text += "line " + std::to_string(i) + "\n";
    run.ends(0, text);
    const auto block = joined(panel::seat_block(run.state.seats[0], 79, no_colours, 4));
    EXPECT_TRUE(has(block, "line 4\n")) << block;
    EXPECT_FALSE(has(block, "line 5\n")) << block;
    EXPECT_TRUE(has(block, "6 more lines")) << block;
    const auto whole = joined(panel::seat_block(run.state.seats[0], 79, no_colours, 9));
    EXPECT_TRUE(has(whole, "line 10\n")) << whole;
}

TEST(PanelView, TheMergedAnswerStaysInFull) {
    panel_run run({"a", "b"});
    run.at(1000).ends(0, "first").at(2000).ends(1, "second");
    run.merging(event_type::summary_start);
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "point " + std::to_string(i) + "\n";
    run.at(3000).merging(event_type::summary_done, text);
    auto& meta = run.answer().meta;
    run.answer().data.emplace(text);
    meta.summary_model = "merger";
    meta.summary_usage = conclave::usage{};
    meta.summary_usage->input_tokens = 5;
    meta.total_cost = 0.75;
    run.done();
    const std::string picture = final(run);
    EXPECT_TRUE(has(picture, "✓ Merged by merger  1.0 s")) << picture;
    EXPECT_TRUE(has(picture, text)) << picture;
    EXPECT_TRUE(
        picture.ends_with("2 of 2 models answered in 3.0 s (slowest model 2.0 s) · 25 tokens "
                          "in, 40 out ·\n$0.75\n"))
        << picture;
}

TEST(PanelView, OneUsableAnswerIsSaidNotToBeMerged) {
    panel_run run({"a", "b"});
    run.ends(0, "alone").ends(1, "", "timed out");
    run.answer().data.emplace("alone");
    run.done();
    EXPECT_TRUE(has(final(run), "The one usable answer, left as it is")) << final(run);
}

TEST(PanelView, AMergingThatFailedSaysWhy) {
    panel_run run({"a", "b"});
    run.ends(0, "one").ends(1, "two");
    run.answer().meta.summary_model = "merger";
    run.answer().meta.summary_error = "timed out";
    run.done();
    EXPECT_TRUE(has(final(run), "✗ The answers could not be merged: timed out\n")) << final(run);
}

TEST(PanelView, AllFailedIsSaid) {
    panel_run run({"a"});
    run.ends(0, "", "timed out");
    run.answer().meta.cost_complete = false;
    run.done();
    const std::string picture = final(run);
    EXPECT_TRUE(has(picture, "✗ All models failed.\n")) << picture;
    EXPECT_TRUE(has(picture, "0 of 1 models answered")) << picture;
    EXPECT_TRUE(has(picture, "cost unknown")) << picture;
}

TEST(PanelView, VotesAreBars) {
    panel_run run({"a", "b", "c"}, resolution::multiple_choice);
    run.ends(0, "tabs").ends(1, "tabs").ends(2, "spaces");
    run.answer().data.emplace("tabs");
    run.answer().meta.votes = {{"tabs", 2}, {"spaces", 1}, {"neither", 0}};
    run.done();
    const std::string picture = final(run);
    EXPECT_TRUE(has(picture, "✓ The vote: tabs\n")) << picture;
    EXPECT_TRUE(has(picture, "  tabs     ██████████████████████████████ 2 ✓\n")) << picture;
    EXPECT_TRUE(has(picture, "  spaces   ███████████████ 1\n")) << picture;
    EXPECT_TRUE(has(picture, "  neither  0\n")) << picture;
}

TEST(PanelView, APickOutsideTheChoicesIsMarked) {
    panel_run run({"a"}, resolution::multiple_choice);
    run.result(0).schema_valid = false;
    run.result(0).schema_error = "the answer is not one of the choices";
    run.ends(0, "maybe").done();
    const std::string picture = final(run);
    EXPECT_TRUE(has(picture, "! a")) << picture;
    EXPECT_TRUE(has(picture, "not one of the choices\n  maybe\n")) << picture;
    EXPECT_TRUE(has(picture, "✗ No model picked one of the choices.\n")) << picture;
}

TEST(PanelView, AnswersUnderASchemaAreMarked) {
    panel_run run({"a", "b"}, resolution::fast);
    run.result(0).schema_valid = true;
    run.ends(0, "{}", {}, true);
    run.result(1).schema_valid = false;
    run.result(1).schema_error = "\"/n\" must be an integer";
    run.ends(1, "[]", {}, true).done();
    const std::string picture = final(run);
    EXPECT_TRUE(has(picture, "✓ a")) << picture;
    EXPECT_TRUE(has(picture, "! b")) << picture;
    EXPECT_TRUE(has(picture, "· valid")) << picture;
    EXPECT_TRUE(has(picture, "not valid")) << picture;
    EXPECT_TRUE(has(picture, "\"/n\" must be an integer\n")) << picture;
}

TEST(PanelView, FastShowsTheAnswersAndNoOther) {
    panel_run run({"a"}, resolution::fast);
    run.ends(0, "mine").done();
    const std::string picture = final(run);
    EXPECT_TRUE(has(picture, "  mine\n\n1 of 1 models answered")) << picture;
}

TEST(PanelView, UnknownCostsAreSaidToBe) {
    panel_run run({"a"}, resolution::fast);
    run.ends(0, "mine");
    run.answer().meta.total_cost = 0.5;
    run.answer().meta.cost_complete = false;
    run.done();
    EXPECT_TRUE(has(final(run), "at least $0.50\n")) << final(run);
}

}  // namespace
