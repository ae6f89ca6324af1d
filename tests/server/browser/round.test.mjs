// What the page makes of a round's frames, and what it keeps, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../../examples/server/page/history.js';
import {
  applyFrame,
  consolidated,
  endRound,
  newRound,
  tokensOf,
  votesOf,
} from '../../../examples/server/page/round.js';

const request = (more = {}) => ({
  input: 'Why?',
  models: [{ name: 'a/1' }, { name: 'b/2' }],
  ...more,
});

function played(frames, more) {
  const round = newRound(request(more), 1000);
  frames.forEach((frame, at) => applyFrame(round, frame, 1000 + at));
  return round;
}

const usage = { input_tokens: 3, output_tokens: 4 };

test('deltas add up, a retry voids them, and the result is what counts', () => {
  const frames = [
    { type: 'model_start', model_index: 0 },
    { type: 'model_start', model_index: 1 },
    { type: 'model_delta', model_index: 0, delta: 'Half an' },
    { type: 'model_retry', model_index: 0, error: 'reset' },
  ];
  const retrying = played(frames).seats[0];
  assert.deepEqual(
    [retrying.state, retrying.answer.text, retrying.retries],
    ['retrying', '', ['reset']],
  );

  frames.push(
    { type: 'model_delta', model_index: 0, delta: 'An' },
    { type: 'model_delta', model_index: 0, delta: ' answer' },
    {
      type: 'model_done',
      model_index: 0,
      data: 'An answer.',
      duration_ms: 5,
      cost: 0.1,
      usage,
      attempts: 2,
    },
    { type: 'model_error', model_index: 1, data: '', error: 'HTTP 400', duration_ms: 2 },
  );
  const { seats } = played(frames);
  assert.deepEqual(
    [seats[0].state, seats[0].answer.text, seats[0].result.attempts],
    ['done', 'An answer.', 2],
  );
  assert.deepEqual([seats[1].state, seats[1].error], ['failed', 'HTTP 400']);
  assert.equal(seats[0].firstTokenAt, 1004);
});

test('the last frame alone is enough', () => {
  const round = played([
    {
      type: 'done',
      id: 'rt_1',
      data: 'Both.',
      meta: { total_cost: 1, summary_usage: usage },
      model_results: [
        { index: 1, data: 'B', usage },
        { index: 0, data: '', error: 'late' },
      ],
    },
  ]);
  assert.deepEqual([round.state, round.id, consolidated(round).text], ['done', 'rt_1', 'Both.']);
  assert.deepEqual(
    round.seats.map(({ state }) => state),
    ['failed', 'done'],
  );
  assert.deepEqual(tokensOf(round), { input_tokens: 6, output_tokens: 8 });
});

test('a consolidation that failed leaves what it said, marked as failed', () => {
  const round = played([
    { type: 'summary_start', model: 'a/1' },
    { type: 'summary_delta', delta: 'So' },
    { type: 'summary_retry', model: 'b/2', error: 'reset' },
    { type: 'done', data: null, meta: { summary_error: 'reset' }, model_results: [] },
  ]);
  assert.deepEqual([round.summary.state, round.summary.model, round.data], ['failed', 'b/2', null]);
});

test('votes are counted by what was picked, and an invalid pick counts for nothing', () => {
  const choices = ['tabs', 'spaces'];
  const round = played(
    [
      { type: 'model_done', model_index: 0, data: 'spaces', schema_valid: true },
      { type: 'model_done', model_index: 1, data: 'tabs', schema_valid: false },
    ],
    { choices, resolution: 'multiple_choice' },
  );
  assert.deepEqual(
    votesOf(round).map(({ choice, voters }) => [choice, voters]),
    [
      ['spaces', [0]],
      ['tabs', []],
    ],
  );
  applyFrame(round, { type: 'done', data: 'spaces', meta: {}, model_results: [] }, 0);
  assert.deepEqual(
    votesOf(round).map(({ won }) => won),
    [true, false],
  );
});

test('frames that make no sense change nothing', () => {
  const before = played([]);
  const nonsense = [
    {},
    { type: 'constructor' },
    { type: '__proto__' },
    { type: 'model_delta', model_index: 9, delta: 'x' },
    { type: 'model_delta', delta: 'x' },
    { type: 'model_done', model_index: -1 },
  ];
  const after = { ...played(nonsense), key: before.key };
  assert.deepEqual(after, before);
});

test('nothing changes a round that is over', () => {
  const round = played([{ type: 'model_delta', model_index: 0, delta: 'Be' }]);
  endRound(round, 'stopped');
  applyFrame(round, { type: 'done', data: 'x', meta: {} }, 0);
  assert.deepEqual(
    [round.state, round.seats[0].state, round.seats[0].answer.text],
    ['stopped', 'stopped', 'Be'],
  );
});

test('a text is bounded, and says that it was cut', () => {
  const round = played(
    Array.from({ length: 5 }, () => ({
      type: 'model_delta',
      model_index: 0,
      delta: 'x'.repeat(1 << 20),
    })),
  );
  const { text, cut } = round.seats[0].answer;
  assert.deepEqual([text.length, cut], [4 << 20, true]);
});

class Storage {
  values = new Map();
  room = Infinity;
  getItem(key) {
    return this.values.get(key) ?? null;
  }
  setItem(key, value) {
    if (value.length > this.room) throw new Error('QuotaExceededError');
    this.values.set(key, value);
  }
}

const doneRound = (at, text = 'An answer') => {
  const round = newRound(request(), at);
  for (const model_index of [0, 1])
    applyFrame(round, { type: 'model_done', model_index, data: text }, at);
  return round;
};

test('rounds are kept newest first, each once, until they are removed', () => {
  const storage = new Storage();
  const history = new History(storage);
  const [first, second] = [doneRound(1), doneRound(2)];
  for (const round of [first, second, first]) history.keep(round);
  assert.deepEqual(
    new History(storage).rounds.map(({ key }) => key),
    [second.key, first.key],
  );
  history.remove(second.key);
  assert.deepEqual(
    new History(storage).rounds.map(({ key }) => key),
    [first.key],
  );
  history.clear();
  assert.deepEqual(new History(storage).rounds, []);
});

test('the history is bounded in number and in size, and the oldest go first', () => {
  const many = new History(new Storage());
  for (let at = 0; at < 60; ++at) many.keep(doneRound(at));
  assert.deepEqual(
    [many.rounds.length, many.rounds[0].askedAt, many.rounds.at(-1).askedAt],
    [50, 59, 10],
  );

  const storage = new Storage();
  const long = new History(storage);
  for (let at = 0; at < 60; ++at) long.keep(doneRound(at, 'x'.repeat(1_000_000)));
  assert.ok([...storage.values.values()][0].length <= 2_000_000);
  assert.ok(long.rounds.length > 10);
  assert.deepEqual([long.rounds[0].askedAt, long.rounds[0].seats[0].answer.cut], [59, true]);
});

test('a full, a forbidden and a damaged storage are lived with', () => {
  const full = new Storage();
  full.room = 3000;
  const history = new History(full);
  for (let at = 0; at < 9; ++at) history.keep(doneRound(at, 'x'.repeat(500)));
  assert.equal(history.rounds[0].askedAt, 8);
  assert.ok(history.rounds.length < 9);

  const none = new History(null);
  none.keep(doneRound(1));
  assert.equal(none.rounds.length, 1);

  for (const damage of [
    '{',
    '7',
    'null',
    '[null,{"key":1},{"key":"k","askedAt":1,"request":{}}]',
  ]) {
    const damaged = new Storage();
    damaged.values.set('conclave.rounds', damage);
    assert.deepEqual(new History(damaged).rounds, []);
  }
});
