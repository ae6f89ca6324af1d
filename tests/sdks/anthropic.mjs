// Anthropic Messages, as the @anthropic-ai/sdk package reads them.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citySchema, collect, key, runs, url, weatherSchema } from './provider.mjs';

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const { messages } = client;
const asking = (model, more = {}) => ({
  model,
  max_tokens: 1000,
  system: 'Be brief.',
  messages: [{ role: 'user', content: 'Which database?' }],
  ...more,
});
const weather = { name: 'get_weather', input_schema: weatherSchema };
const city = { output_config: { format: jsonSchemaOutputFormat(citySchema) } };
const text = (message) =>
  message.content.filter((block) => block.type === 'text').map((block) => block.text).join('');

test('a whole answer', async () => {
  const answer = await messages.create(asking('text'));
  assert.match(answer.id, /^msg_/);
  assert.match(answer._request_id, /^req_/);
  assert.equal(answer.type, 'message');
  assert.equal(answer.role, 'assistant');
  assert.equal(answer.model, 'text');
  assert.equal(answer.stop_reason, 'end_turn');
  assert.equal(answer.stop_sequence, null);
  assert.equal(answer.stop_details, null);
  assert.deepEqual(answer.content, [
    { type: 'text', text: 'Use Postgres, für alle.', citations: null },
  ]);
  assert.equal(answer.usage.input_tokens, 12);
  assert.equal(answer.usage.output_tokens, 9);
});

test('a stream, event by event', async () => {
  const events = await collect(await messages.create(asking('text', { stream: true })));
  assert.deepEqual(runs(events.map((event) => event.type)), [
    'message_start', 'content_block_start', 'content_block_delta', 'content_block_stop',
    'message_delta', 'message_stop',
  ]);
  const { message } = events[0];
  assert.match(message.id, /^msg_/);
  assert.deepEqual(message.content, []);
  assert.equal(message.stop_reason, null);
  assert.equal(message.usage.input_tokens, 12);
  assert.deepEqual(events[1].content_block, { type: 'text', text: '', citations: null });
  const deltas = events.filter((event) => event.type === 'content_block_delta');
  assert.deepEqual(deltas.map(({ index, delta }) => [index, delta.type, delta.text]), [
    [0, 'text_delta', 'Use'], [0, 'text_delta', ' Postgres,'], [0, 'text_delta', ' für'],
    [0, 'text_delta', ' alle.'],
  ]);
  const end = events.at(-2);
  assert.equal(end.delta.stop_reason, 'end_turn');
  assert.equal(end.usage.output_tokens, 9);
});

test('the events are named, and there are pings', async () => {
  const response = await messages.create(asking('text', { stream: true })).asResponse();
  const wire = await response.text();
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const frames = wire.split('\n\n').filter(Boolean).map((frame) => frame.split('\n'));
  for (const [event, data, ...rest] of frames) {
    assert.deepEqual(rest, []);
    assert.equal(event, `event: ${JSON.parse(data.replace('data: ', '')).type}`);
  }
  assert.ok(wire.includes('event: ping\n'));
});

test('thinking', async () => {
  const whole = await messages.create(asking('thinking'));
  const [thought, words, ...rest] = whole.content;
  assert.deepEqual(rest, []);
  assert.equal(thought.type, 'thinking');
  assert.equal(thought.thinking, 'Compare them first.');
  assert.ok(thought.signature.length > 0);
  assert.equal(words.text, 'Use Postgres.');
  assert.equal(whole.usage.output_tokens_details.thinking_tokens, 3);

  const stream = messages.stream(asking('thinking'));
  const events = [];
  for (const name of ['thinking', 'signature', 'text', 'contentBlock'])
    stream.on(name, () => events.push(name));
  const final = await stream.finalMessage();
  assert.deepEqual(runs(events), ['thinking', 'signature', 'contentBlock', 'text', 'contentBlock']);
  assert.deepEqual(final.content, whole.content);
  assert.deepEqual(final.usage, whole.usage);
});

test('the stream helper rebuilds the whole answer', async () => {
  for (const model of ['text', 'tools', 'only-tools', 'length', 'refusal', 'filtered']) {
    const whole = await messages.create(asking(model));
    const final = await messages.stream(asking(model)).finalMessage();
    const plain = ({ id, parsed_output, ...rest }) => JSON.parse(
      JSON.stringify(rest).replace(/toolu_\w+/g, 'toolu'));
    assert.deepEqual(plain(final), plain(whole), model);
  }
});

test('tool calls', async () => {
  const whole = await messages.create(asking('tools', { tools: [weather] }));
  assert.equal(whole.stop_reason, 'tool_use');
  const [words, first, second, ...rest] = whole.content;
  assert.deepEqual(rest, []);
  assert.equal(words.text, 'Let me look.');
  assert.equal(first.type, 'tool_use');
  assert.match(first.id, /^toolu_/);
  assert.equal(first.name, 'get_weather');
  assert.deepEqual(first.input, { city: 'Paris', days: 3 });
  assert.equal(second.name, 'get_time');
  assert.deepEqual(second.input, { zone: 'Europe/Paris' });
  assert.notEqual(first.id, second.id);
});

test('tool calls in a stream', async () => {
  const stream = messages.stream(asking('tools', { tools: [weather] }));
  const blocks = [];
  const inputs = [];
  stream.on('contentBlock', (block) => blocks.push(block.type));
  stream.on('inputJson', (piece) => inputs.push(piece));
  const final = await stream.finalMessage();
  assert.deepEqual(blocks, ['text', 'tool_use', 'tool_use']);
  assert.ok(inputs.length > 2);
  assert.equal(inputs.join(''), '{"city":"Paris","days":3}{"zone":"Europe/Paris"}');
  assert.equal(final.stop_reason, 'tool_use');
  assert.deepEqual(final.content[1].input, { city: 'Paris', days: 3 });
});

for (const way of ['whole', 'streamed']) {
  test(`the tool runner goes round, ${way}`, async () => {
    const asked = [];
    const runnable = betaTool({
      name: 'get_weather',
      description: 'The weather of a place',
      inputSchema: weatherSchema,
      run: (input) => {
        asked.push(input);
        return 'sunny';
      },
    });
    // Without the threads of the beta, in which Anthropic keeps the conversation.
    const runner = client.beta.messages.toolRunner(asking(
      `agent-${way}`, { stream: way === 'streamed', tools: [runnable], thread: false }));
    const final = await runner.runUntilDone();
    assert.equal(text(final), 'It is sunny.');
    assert.deepEqual(asked, [{ city: 'Paris', days: 3 }]);
  });
}

test('a structured answer', async () => {
  const whole = await messages.parse(asking('structured', city));
  assert.deepEqual(whole.parsed_output, { city: 'Paris', people: 2102650 });
  const final = await messages.stream(asking('structured', city)).finalMessage();
  assert.deepEqual(final.parsed_output, { city: 'Paris', people: 2102650 });
});

test('a refusal', async () => {
  const answer = await messages.create(asking('refusal'));
  assert.equal(answer.stop_reason, 'refusal');
  assert.equal(answer.stop_details.type, 'refusal');
  assert.equal(answer.stop_details.explanation, 'I cannot help with that.');
});

test('an answer cut short by its limit or a filter', async () => {
  assert.equal((await messages.create(asking('length'))).stop_reason, 'max_tokens');
  assert.equal((await messages.create(asking('filtered'))).stop_reason, 'refusal');
});

test('what was asked is understood', async () => {
  const read = {
    model: 'echo', instructions: 'Be brief.', prompt: 'Which database?', schema: citySchema,
  };
  const whole = await messages.parse(asking('echo', city));
  assert.deepEqual(whole.parsed_output, { ...read, stream: false });
  const final = await messages.stream(asking('echo', city)).finalMessage();
  assert.deepEqual(final.parsed_output, { ...read, stream: true });
  const parts = await messages.create({
    model: 'echo',
    max_tokens: 1000,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: 'Hello.' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: [{ type: 'text', text: 'Which ' }, { type: 'text', text: 'one?' }] },
    ],
  });
  const { instructions, prompt, schema } = JSON.parse(text(parts));
  assert.deepEqual({ instructions, prompt, schema },
    { instructions: 'Be brief.', prompt: 'Which one?', schema: null });
});

test('errors', async () => {
  const classes = [
    [400, Anthropic.BadRequestError, 'invalid_request_error'],
    [403, Anthropic.PermissionDeniedError, 'permission_error'],
    [404, Anthropic.NotFoundError, 'not_found_error'],
    [409, Anthropic.ConflictError, 'conflict_error'],
    [413, Anthropic.ContentTooLargeError, 'request_too_large'],
    [429, Anthropic.RateLimitError, 'rate_limit_error'],
    [500, Anthropic.InternalServerError, 'api_error'],
    [504, Anthropic.GatewayTimeoutError, 'timeout_error'],
    [529, Anthropic.OverloadedError, 'overloaded_error'],
  ];
  for (const [status, type, word] of classes) {
    for (const stream of [false, true]) {
      await assert.rejects(messages.create(asking(`status-${status}`, { stream })), (error) => {
        assert.ok(error instanceof type, `${status} is a ${error.constructor.name}`);
        assert.equal(error.status, status);
        assert.equal(error.type, word);
        assert.equal(error.apiMessage, 'scripted failure');
        assert.match(error.requestID, /^req_/);
        assert.equal(error.error.type, 'error');
        return true;
      });
    }
  }
});

test('errors of the provider itself', async () => {
  await assert.rejects(messages.create(asking('nobody')), Anthropic.NotFoundError);
  await assert.rejects(
    messages.create({ model: 'text', max_tokens: 10 }), Anthropic.BadRequestError);
  await assert.rejects(
    messages.create({ ...asking('text'), max_tokens: undefined }, { timeout: 10000 }),
    Anthropic.BadRequestError);
  const stranger = client.withOptions({ apiKey: 'sk-wrong' });
  await assert.rejects(stranger.messages.create(asking('text')), (error) => {
    assert.ok(error instanceof Anthropic.AuthenticationError);
    assert.equal(error.type, 'authentication_error');
    return true;
  });
});

test('the list of models', async () => {
  const models = await collect(client.models.list());
  assert.ok(models.some((model) => model.id === 'text' && model.type === 'model'));
});

test('the key is taken from either of its fields', async () => {
  const headers = { Authorization: null, 'X-Api-Key': key };
  assert.equal((await messages.create(asking('text'), { headers })).stop_reason, 'end_turn');
});

test('what fails for a moment is tried again', async () => {
  const patient = client.withOptions({ maxRetries: 2 }).messages;
  assert.equal(text(await patient.create(asking('flaky-whole'))), 'Here now.');
  assert.equal(await patient.stream(asking('flaky-streamed')).finalText(), 'Here now.');
});

test('an error in a stream', async () => {
  await assert.rejects(
    messages.stream(asking('broken-anthropic')).finalMessage(),
    (error) => {
      assert.ok(error instanceof Anthropic.APIError, `${error.constructor.name}`);
      assert.equal(error.type, 'overloaded_error');
      assert.equal(error.apiMessage, 'Overloaded');
      return true;
    });
});

test('a stream that is cut off', async () => {
  await assert.rejects(messages.stream(asking('cut')).finalMessage());
});
