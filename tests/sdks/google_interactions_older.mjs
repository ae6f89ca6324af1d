// Google's Interactions in the shape from before May 2026, as that time's package reads them.
import { GoogleGenAI } from 'google-genai-1';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect, key, runs, url } from './provider.mjs';

const { interactions } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const ask = (model, more) =>
  interactions.create({ model, input: 'Which database?', ...more }, { maxRetries: 0 });
const stream = async (model) => collect(await ask(model, { stream: true }));

test('a whole answer', async () => {
  const answer = await ask('thinking');
  assert.equal(answer.status, 'completed');
  assert.equal(answer.steps, undefined);
  const [thought, words, ...rest] = answer.outputs;
  assert.deepEqual(rest, []);
  assert.equal(thought.type, 'thought');
  assert.deepEqual(thought.summary, [{ type: 'text', text: 'Compare them first.' }]);
  assert.deepEqual(words, { type: 'text', text: 'Use Postgres.' });
  assert.equal(answer.usage.total_tokens, 21);
});

test('a stream, event by event', async () => {
  const events = await stream('text');
  assert.deepEqual(runs(events.map((event) => event.event_type)), [
    'interaction.start', 'content.start', 'content.delta', 'content.stop', 'interaction.complete',
  ]);
  const deltas = events.filter((event) => event.event_type === 'content.delta');
  assert.deepEqual(
    deltas.map((event) => event.delta.text), ['Use', ' Postgres,', ' für', ' alle.']);
  const end = events.at(-1).interaction;
  assert.equal(end.status, 'completed');
  assert.equal(end.usage.total_tokens, 21);
});

test('tool calls', async () => {
  const whole = await ask('tools');
  assert.equal(whole.status, 'requires_action');
  const called = (calls) => calls.filter((each) => each.type === 'function_call')
    .map(({ name, arguments: input }) => ({ name, input }));
  assert.deepEqual(called(whole.outputs), [
    { name: 'get_weather', input: { city: 'Paris', days: 3 } },
    { name: 'get_time', input: { zone: 'Europe/Paris' } },
  ]);
  const deltas = (await stream('tools')).map((event) => event.delta).filter(Boolean);
  assert.deepEqual(called(deltas), called(whole.outputs));
});

test('errors', async () => {
  for (const [status, type] of [[400, 'BadRequestError'], [429, 'RateLimitError']]) {
    await assert.rejects(ask(`status-${status}`), (error) => {
      assert.equal(error.constructor.name, type);
      assert.equal(error.status, status);
      return true;
    });
  }
  const { event_type: type, error } = (await stream('broken-google-interactions')).at(-1);
  assert.equal(type, 'error');
  assert.equal(error.code, 'service_unavailable');
});
