// Google's Interactions, as the @google/genai package reads them.
import { GoogleGenAI } from '@google/genai';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citySchema, collect, key, runs, url, weatherSchema } from './provider.mjs';

const { interactions } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const once = { retries: { strategy: 'none' } };
const asking = (model, more = {}) => ({
  model,
  system_instruction: 'Be brief.',
  input: 'Which database?',
  ...more,
});
const ask = (model, more) => interactions.create(asking(model, more), once);
const stream = async (model, more) =>
  collect(await interactions.create(asking(model, { ...more, stream: true }), once));
const weather = { type: 'function', name: 'get_weather', parameters: weatherSchema };
const city = {
  response_format: { type: 'text', mime_type: 'application/json', schema: citySchema },
};

/** The steps that the events of a stream build up; the package leaves that to its user. */
function rebuild(events) {
  const steps = [];
  for (const event of events) {
    if (event.event_type === 'step.start') {
      assert.equal(event.index, steps.length);
      steps.push({ ...event.step, written: '' });
    }
    if (event.event_type !== 'step.delta') continue;
    const step = steps[event.index];
    const { delta } = event;
    if (delta.type === 'text') {
      assert.equal(step.type, 'model_output');
      const said = step.content?.[0]?.text ?? '';
      step.content = [{ type: 'text', text: said + delta.text }];
    } else if (delta.type === 'thought_summary') {
      assert.equal(step.type, 'thought');
      assert.equal(delta.content.type, 'text');
      const said = step.summary?.[0]?.text ?? '';
      step.summary = [{ type: 'text', text: said + delta.content.text }];
    } else if (delta.type === 'thought_signature') {
      assert.equal(step.type, 'thought');
      step.signature = delta.signature;
    } else if (delta.type === 'arguments_delta') {
      assert.equal(step.type, 'function_call');
      step.written += delta.arguments;
    } else {
      assert.fail(`no such delta is expected: ${delta.type}`);
    }
  }
  return steps.map(({ written, ...step }) =>
    written === '' ? step : { ...step, arguments: JSON.parse(written) });
}

test('a whole answer', async () => {
  const answer = await ask('text');
  assert.ok(answer.id.length > 0);
  assert.equal(answer.model, 'text');
  assert.equal(answer.status, 'completed');
  assert.ok(!Number.isNaN(Date.parse(answer.created)), answer.created);
  assert.ok(!Number.isNaN(Date.parse(answer.updated)), answer.updated);
  assert.equal(answer.output_text, 'Use Postgres, für alle.');
  assert.deepEqual(answer.steps.filter((step) => step.type !== 'user_input'), [
    { type: 'model_output', content: [{ type: 'text', text: 'Use Postgres, für alle.' }] },
  ]);
  assert.equal(answer.usage.total_input_tokens, 12);
  assert.equal(answer.usage.total_output_tokens, 9);
  assert.equal(answer.usage.total_tokens, 21);
});

test('a stream, event by event', async () => {
  const events = await stream('text');
  assert.deepEqual(runs(events.map((event) => event.event_type)), [
    'interaction.created', 'interaction.status_update', 'step.start', 'step.delta', 'step.stop',
    'interaction.completed',
  ]);
  const [{ interaction }] = events;
  assert.equal(interaction.status, 'in_progress');
  assert.equal(events[1].interaction_id, interaction.id);
  const deltas = events.filter((event) => event.event_type === 'step.delta');
  assert.deepEqual(
    deltas.map((event) => event.delta.text), ['Use', ' Postgres,', ' für', ' alle.']);
  const end = events.at(-1).interaction;
  assert.equal(end.id, interaction.id);
  assert.equal(end.status, 'completed');
  assert.equal(end.usage.total_tokens, 21);
});

test('the events are named, and the end is marked', async () => {
  const response = await fetch(`${url}/v1beta/interactions`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tools', input: 'Hello.', stream: true }),
  });
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const frames = (await response.text()).split('\n\n').filter(Boolean);
  assert.equal(frames.pop(), 'event: done\ndata: [DONE]');
  for (const frame of frames) {
    const [event, data, ...rest] = frame.split('\n');
    assert.deepEqual(rest, []);
    assert.equal(event, `event: ${JSON.parse(data.replace('data: ', '')).event_type}`);
  }
});

test('the stream rebuilds the whole answer', async () => {
  for (const model of ['text', 'thinking', 'tools', 'only-tools', 'structured', 'length']) {
    const whole = await ask(model);
    const events = await stream(model);
    const plain = (steps) => steps.filter((step) => step.type !== 'user_input')
      .map(({ id, ...step }) => step);
    assert.deepEqual(plain(rebuild(events)), plain(whole.steps), model);
    const end = events.at(-1).interaction;
    assert.equal(end.status, whole.status);
    // The package adds to a whole answer what its first request came to.
    const { initial_input_tokens: initial, ...usage } = whole.usage;
    assert.equal(initial, whole.usage.total_input_tokens);
    assert.deepEqual(end.usage, usage);
    for (const event of events.filter((each) => each.event_type === 'step.start'))
      assert.ok(events.some((each) =>
        each.event_type === 'step.stop' && each.index === event.index));
  }
});

test('thoughts', async () => {
  const whole = await ask('thinking');
  const [thought, words] = whole.steps.filter((step) => step.type !== 'user_input');
  assert.equal(thought.type, 'thought');
  assert.deepEqual(thought.summary, [{ type: 'text', text: 'Compare them first.' }]);
  assert.equal(words.type, 'model_output');
  assert.equal(whole.output_text, 'Use Postgres.');
  assert.equal(whole.usage.total_thought_tokens, 3);
});

test('tool calls', async () => {
  const whole = await ask('tools', { tools: [weather] });
  assert.equal(whole.status, 'requires_action');
  const calls = whole.steps.filter((step) => step.type === 'function_call');
  assert.deepEqual(calls.map(({ name, arguments: input }) => ({ name, input })), [
    { name: 'get_weather', input: { city: 'Paris', days: 3 } },
    { name: 'get_time', input: { zone: 'Europe/Paris' } },
  ]);
  assert.notEqual(calls[0].id, calls[1].id);
  assert.equal(whole.output_text, 'Let me look.');
});

test('the tool goes round', async () => {
  for (const way of ['whole', 'streamed']) {
    const steps = async (input) => way === 'whole'
      ? (await ask(`agent-${way}`, { input, tools: [weather] })).steps
      : rebuild(await stream(`agent-${way}`, { input, tools: [weather] }));
    const input = [
      { type: 'user_input', content: [{ type: 'text', text: 'How is the weather?' }] },
    ];
    const call = (await steps(input)).find((step) => step.type === 'function_call');
    assert.deepEqual(call.arguments, { city: 'Paris', days: 3 });
    input.push(call, {
      type: 'function_result', call_id: call.id, name: call.name, result: 'sunny',
    });
    const said = (await steps(input)).find((step) => step.type === 'model_output');
    assert.equal(said.content[0].text, 'It is sunny.');
  }
});

test('a structured answer', async () => {
  const whole = await ask('structured', city);
  assert.deepEqual(JSON.parse(whole.output_text), { city: 'Paris', people: 2102650 });
});

test('an answer cut short by its limit', async () => {
  assert.equal((await ask('length')).status, 'incomplete');
});

test('what was asked is understood', async () => {
  const read = {
    model: 'echo', instructions: 'Be brief.', prompt: 'Which database?', schema: citySchema,
  };
  const whole = await ask('echo', city);
  assert.deepEqual(JSON.parse(whole.output_text), { ...read, stream: false });
  const words = rebuild(await stream('echo', city)).find((step) => step.type === 'model_output');
  assert.deepEqual(JSON.parse(words.content[0].text), { ...read, stream: true });
  const inputs = [
    [{ type: 'text', text: 'Which ' }, { type: 'text', text: 'one?' }],
    [
      { type: 'user_input', content: [{ type: 'text', text: 'Hello.' }] },
      { type: 'model_output', content: [{ type: 'text', text: 'Hello.' }] },
      {
        type: 'user_input',
        content: [{ type: 'text', text: 'Which ' }, { type: 'text', text: 'one?' }],
      },
    ],
  ];
  for (const input of inputs) {
    const { prompt, schema } = JSON.parse((await ask('echo', { input })).output_text);
    assert.deepEqual({ prompt, schema }, { prompt: 'Which one?', schema: null });
  }
});

test('errors', async () => {
  for (const [status, type, code] of [
    [400, 'BadRequestError', 'invalid_request'],
    [403, 'PermissionDeniedError', 'permission_denied'],
    [404, 'NotFoundError', 'not_found'],
    [429, 'RateLimitError', 'rate_limit_exceeded'],
    [500, 'InternalServerError', 'api_error'],
    [503, 'InternalServerError', 'service_unavailable'],
    [504, 'InternalServerError', 'gateway_timeout'],
  ]) {
    for (const how of [ask, stream]) {
      await assert.rejects(how(`status-${status}`), (error) => {
        // The package does not export these classes.
        assert.equal(error.constructor.name, type);
        assert.equal(error.status, status);
        assert.deepEqual(JSON.parse(error.body).error, { code, message: 'scripted failure' });
        return true;
      });
    }
  }
});

test('errors of the provider itself', async () => {
  await assert.rejects(ask('nobody'), { name: 'NotFoundError' });
  await assert.rejects(
    interactions.create({ model: 'text' }, once), { name: 'BadRequestError' });
  const stranger = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl: url } });
  await assert.rejects(
    stranger.interactions.create(asking('text'), once), { name: 'AuthenticationError' });
});

test('what fails for a moment is tried again', async () => {
  assert.equal((await interactions.create(asking('flaky-whole'))).output_text, 'Here now.');
  const events = await collect(
    await interactions.create(asking('flaky-streamed', { stream: true })));
  assert.equal(events.at(-1).interaction.status, 'completed');
});

test('an answer that is withheld', async () => {
  for (const model of ['refusal', 'filtered']) {
    assert.equal((await ask(model)).status, 'failed');
    assert.equal((await stream(model)).at(-1).interaction.status, 'failed');
  }
});

test('an error in a stream', async () => {
  const events = await stream('broken-google-interactions');
  const { event_type: type, error } = events.at(-1);
  assert.equal(type, 'error');
  assert.deepEqual(error, { code: 'service_unavailable', message: 'The model is overloaded.' });
});

test('a stream that is cut off', async () => {
  await assert.rejects(stream('cut'));
});
