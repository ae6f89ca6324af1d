// OpenAI Responses, as the openai package reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { citySchema, collect, key, runs, url, weatherSchema } from './provider.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const { responses } = client;
const asking = (model, more = {}) => ({
  model,
  instructions: 'Be brief.',
  input: 'Which database?',
  ...more,
});
const weather = { type: 'function', name: 'get_weather', strict: true, parameters: weatherSchema };
const city = {
  text: { format: { type: 'json_schema', name: 'city', strict: true, schema: citySchema } },
};

test('a whole answer', async () => {
  const answer = await responses.create(asking('text'));
  assert.match(answer.id, /^resp_/);
  assert.match(answer._request_id, /^req_/);
  assert.equal(answer.object, 'response');
  assert.equal(answer.model, 'text');
  assert.equal(answer.status, 'completed');
  assert.equal(answer.error, null);
  assert.equal(answer.incomplete_details, null);
  assert.ok(Number.isInteger(answer.created_at));
  assert.equal(answer.instructions, 'Be brief.');
  assert.equal(answer.output_text, 'Use Postgres, für alle.');
  assert.equal(answer.output.length, 1);
  const [item] = answer.output;
  assert.equal(item.type, 'message');
  assert.match(item.id, /^msg_/);
  assert.equal(item.role, 'assistant');
  assert.equal(item.status, 'completed');
  assert.equal(item.content.length, 1);
  assert.equal(item.content[0].type, 'output_text');
  assert.deepEqual(item.content[0].annotations, []);
  assert.equal(answer.usage.input_tokens, 12);
  assert.equal(answer.usage.output_tokens, 9);
  assert.equal(answer.usage.total_tokens, 21);
  assert.equal(answer.usage.input_tokens_details.cached_tokens, 0);
  assert.equal(answer.usage.output_tokens_details.reasoning_tokens, 0);
});

test('a stream, event by event', async () => {
  const events = await collect(await responses.create(asking('text', { stream: true })));
  assert.deepEqual(runs(events.map((event) => event.type)), [
    'response.created', 'response.in_progress',
    'response.output_item.added', 'response.content_part.added',
    'response.output_text.delta', 'response.output_text.done',
    'response.content_part.done', 'response.output_item.done',
    'response.completed',
  ]);
  assert.deepEqual(
    events.map((event) => event.sequence_number), events.map((event, number) => number));
  const deltas = events.filter((event) => event.type === 'response.output_text.delta');
  assert.deepEqual(
    deltas.map((event) => event.delta), ['Use', ' Postgres,', ' für', ' alle.']);
  const [{ response }] = events;
  assert.equal(response.status, 'in_progress');
  assert.deepEqual(response.output, []);
  const end = events.at(-1).response;
  assert.equal(end.id, response.id);
  assert.equal(end.status, 'completed');
  assert.equal(end.usage.total_tokens, 21);
});

test('the events are named', async () => {
  const response = await responses.create(asking('text', { stream: true })).asResponse();
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  for (const frame of (await response.text()).split('\n\n').filter(Boolean)) {
    const [event, data, ...rest] = frame.split('\n');
    assert.deepEqual(rest, []);
    assert.equal(event, `event: ${JSON.parse(data.replace('data: ', '')).type}`);
  }
});

test('reasoning', async () => {
  const whole = await responses.create(asking('thinking'));
  const [thought, words, ...rest] = whole.output;
  assert.deepEqual(rest, []);
  assert.equal(thought.type, 'reasoning');
  assert.match(thought.id, /^rs_/);
  assert.deepEqual(thought.summary, [{ type: 'summary_text', text: 'Compare them first.' }]);
  assert.equal(words.type, 'message');
  assert.equal(whole.output_text, 'Use Postgres.');
  assert.equal(whole.usage.output_tokens_details.reasoning_tokens, 3);

  const stream = responses.stream(asking('thinking'));
  const events = [];
  stream.on('event', (event) => events.push(event.type));
  const final = await stream.finalResponse();
  assert.deepEqual(runs(events.slice(2)), [
    'response.output_item.added',
    'response.reasoning_summary_part.added',
    'response.reasoning_summary_text.delta', 'response.reasoning_summary_text.done',
    'response.reasoning_summary_part.done',
    'response.output_item.done',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta', 'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ]);
  assert.deepEqual(final.output[0].summary, thought.summary);
  assert.equal(final.output_text, 'Use Postgres.');
});

// Ids and times differ between two answers; the SDK's own additions are in its parsed ones only.
const plain = (answer) => JSON.parse(JSON.stringify(answer, (name, value) =>
  ['id', 'call_id', 'item_id', '_request_id', 'parsed', 'parsed_arguments', 'output_parsed',
    'output_text'].includes(name) ? undefined : value));

test('the stream helper rebuilds the whole answer', async () => {
  for (const model of [
    'text', 'thinking', 'tools', 'only-tools', 'refusal', 'length', 'filtered', 'structured',
  ]) {
    const whole = await responses.create(asking(model));
    const stream = responses.stream(asking(model));
    const events = [];
    stream.on('event', (event) => events.push(event));
    const final = await stream.finalResponse();
    assert.deepEqual(plain(final), plain(whole), model);
    assert.equal(final.output_text, whole.output_text);
    // And without the terminal event, which has it all at once: what the others build up.
    const built = events.filter((event) => event.type === 'response.output_item.done');
    assert.deepEqual(plain(built.map((event) => event.item)), plain(whole.output), model);
  }
});

test('tool calls', async () => {
  const whole = await responses.parse(asking('tools', { tools: [weather] }));
  assert.equal(whole.status, 'completed');
  const [words, first, second, ...rest] = whole.output;
  assert.deepEqual(rest, []);
  assert.equal(words.type, 'message');
  assert.equal(whole.output_text, 'Let me look.');
  assert.equal(first.type, 'function_call');
  assert.match(first.id, /^fc_/);
  assert.match(first.call_id, /^call_/);
  assert.equal(first.name, 'get_weather');
  assert.equal(first.status, 'completed');
  assert.deepEqual(first.parsed_arguments, { city: 'Paris', days: 3 });
  assert.equal(second.name, 'get_time');
  assert.notEqual(first.call_id, second.call_id);
  assert.notEqual(first.id, second.id);
});

test('tool calls in a stream', async () => {
  const stream = responses.stream(asking('tools', { tools: [weather] }));
  const snapshots = [];
  const done = [];
  stream.on('response.function_call_arguments.delta', (event) => snapshots.push(event.snapshot));
  stream.on('response.function_call_arguments.done', (event) => done.push(event));
  const final = await stream.finalResponse();
  assert.ok(snapshots.length > 2);
  assert.equal(snapshots.at(-1), '{"zone":"Europe/Paris"}');
  assert.deepEqual(done.map(({ arguments: text, output_index }) => [output_index, text]), [
    [1, '{"city":"Paris","days":3}'], [2, '{"zone":"Europe/Paris"}'],
  ]);
  assert.deepEqual(final.output[1].parsed_arguments, { city: 'Paris', days: 3 });
});

test('the tool goes round', async () => {
  for (const way of ['whole', 'streamed']) {
    const ask = (input) => {
      const asked = asking(`agent-${way}`, { input, tools: [weather] });
      return way === 'whole' ? responses.parse(asked) : responses.stream(asked).finalResponse();
    };
    const input = [{ role: 'user', content: 'How is the weather?' }];
    const [call] = (await ask(input)).output;
    assert.deepEqual(call.parsed_arguments, { city: 'Paris', days: 3 });
    input.push(call, { type: 'function_call_output', call_id: call.call_id, output: 'sunny' });
    assert.equal((await ask(input)).output_text, 'It is sunny.');
  }
});

test('a structured answer', async () => {
  const whole = await responses.parse(asking('structured', city));
  assert.deepEqual(whole.output_parsed, { city: 'Paris', people: 2102650 });
  const final = await responses.stream(asking('structured', city)).finalResponse();
  assert.deepEqual(final.output_parsed, { city: 'Paris', people: 2102650 });
});

test('a refusal', async () => {
  const whole = await responses.parse(asking('refusal', city));
  assert.equal(whole.status, 'completed');
  assert.deepEqual(whole.output[0].content, [
    { type: 'refusal', refusal: 'I cannot help with that.' },
  ]);
  const stream = responses.stream(asking('refusal', city));
  const events = [];
  stream.on('event', (event) => events.push(event.type));
  const final = await stream.finalResponse();
  assert.equal(final.output[0].content[0].refusal, 'I cannot help with that.');
  assert.deepEqual(runs(events).slice(3, -1), [
    'response.content_part.added', 'response.refusal.delta', 'response.refusal.done',
    'response.content_part.done', 'response.output_item.done',
  ]);
});

test('an answer cut short by its limit or a filter', async () => {
  for (const [model, reason] of [
    ['length', 'max_output_tokens'],
    ['filtered', 'content_filter'],
  ]) {
    const whole = await responses.create(asking(model));
    assert.equal(whole.status, 'incomplete');
    assert.deepEqual(whole.incomplete_details, { reason });
    const stream = responses.stream(asking(model));
    let ended = false;
    stream.on('response.incomplete', () => (ended = true));
    const final = await stream.finalResponse();
    assert.ok(ended);
    assert.deepEqual(final.incomplete_details, { reason });
  }
});

test('what was asked is understood', async () => {
  const read = {
    model: 'echo', instructions: 'Be brief.', prompt: 'Which database?', schema: citySchema,
  };
  const whole = await responses.parse(asking('echo', city));
  assert.deepEqual(whole.output_parsed, { ...read, stream: false });
  const final = await responses.stream(asking('echo', city)).finalResponse();
  assert.deepEqual(final.output_parsed, { ...read, stream: true });
  const parts = await responses.create({
    model: 'echo',
    input: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hello.' },
      { role: 'assistant', content: 'Hello.' },
      {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: 'Which ' }, { type: 'input_text', text: 'one?' }],
      },
    ],
  });
  const { instructions, prompt, schema } = JSON.parse(parts.output_text);
  assert.deepEqual({ instructions, prompt, schema },
    { instructions: 'Be brief.', prompt: 'Which one?', schema: null });
});

test('errors', async () => {
  const classes = [
    [400, OpenAI.BadRequestError], [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError], [409, OpenAI.ConflictError],
    [422, OpenAI.UnprocessableEntityError], [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError], [503, OpenAI.InternalServerError],
  ];
  for (const [status, type] of classes) {
    for (const stream of [false, true]) {
      await assert.rejects(responses.create(asking(`status-${status}`, { stream })), (error) => {
        assert.ok(error instanceof type, `${status} is a ${error.constructor.name}`);
        assert.equal(error.status, status);
        assert.equal(error.message, `${status} scripted failure`);
        assert.match(error.requestID, /^req_/);
        assert.equal(typeof error.type, 'string');
        return true;
      });
    }
  }
});

test('errors of the provider itself', async () => {
  await assert.rejects(responses.create(asking('nobody')), OpenAI.NotFoundError);
  await assert.rejects(responses.create({ model: 'text' }), OpenAI.BadRequestError);
  const stranger = client.withOptions({ apiKey: 'sk-wrong' });
  await assert.rejects(stranger.responses.create(asking('text')), OpenAI.AuthenticationError);
});

test('what fails for a moment is tried again', async () => {
  const patient = client.withOptions({ maxRetries: 2 }).responses;
  assert.equal((await patient.create(asking('flaky-whole'))).output_text, 'Here now.');
  const final = await patient.stream(asking('flaky-streamed')).finalResponse();
  assert.equal(final.output_text, 'Here now.');
});

test('an error in a stream', async () => {
  await assert.rejects(
    responses.stream(asking('broken-openai-responses')).finalResponse(),
    (error) => {
      assert.ok(error instanceof OpenAI.APIError, `${error.constructor.name}`);
      assert.match(error.message, /The server had an error\./);
      assert.equal(error.code, 'server_error');
      // Only of an event that is named so is it an error of the stream's own.
      assert.match(error.requestID, /^req_/);
      return true;
    });
});

test('a stream that is cut off', async () => {
  await assert.rejects(responses.stream(asking('cut')).finalResponse());
});
