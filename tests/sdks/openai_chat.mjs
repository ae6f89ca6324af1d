// OpenAI Chat Completions, as the openai package reads it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { citySchema, collect, key, runs, url, weatherSchema } from './provider.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const chat = client.chat.completions;
const asking = (model, more = {}) => ({
  model,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Which database?' },
  ],
  ...more,
});
const weather = {
  type: 'function',
  function: { name: 'get_weather', strict: true, parameters: weatherSchema },
};
const city = {
  type: 'json_schema',
  json_schema: { name: 'city', strict: true, schema: citySchema },
};

test('a whole answer', async () => {
  const answer = await chat.create(asking('text'));
  assert.match(answer.id, /^chatcmpl-/);
  assert.match(answer._request_id, /^req_/);
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.model, 'text');
  assert.ok(Number.isInteger(answer.created));
  assert.equal(answer.choices.length, 1);
  const [choice] = answer.choices;
  assert.equal(choice.index, 0);
  assert.equal(choice.finish_reason, 'stop');
  assert.equal(choice.logprobs, null);
  assert.equal(choice.message.role, 'assistant');
  assert.equal(choice.message.content, 'Use Postgres, für alle.');
  assert.equal(choice.message.refusal, null);
  assert.equal(choice.message.tool_calls, undefined);
  assert.equal(answer.usage.prompt_tokens, 12);
  assert.equal(answer.usage.completion_tokens, 9);
  assert.equal(answer.usage.total_tokens, 21);
});

test('a stream, event by event', async () => {
  const more = { stream: true, stream_options: { include_usage: true } };
  const chunks = await collect(await chat.create(asking('text', more)));
  for (const chunk of chunks) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    assert.equal(chunk.id, chunks[0].id);
    assert.equal(chunk.model, 'text');
    assert.equal(chunk.created, chunks[0].created);
  }
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, 21);
  for (const { usage } of chunks) assert.equal(usage, null);
  const deltas = chunks.map((chunk) => chunk.choices[0].delta);
  assert.equal(deltas[0].role, 'assistant');
  assert.deepEqual(deltas.map((delta) => delta.content ?? '').filter(Boolean), [
    'Use', ' Postgres,', ' für', ' alle.',
  ]);
  assert.deepEqual(
    runs(chunks.map((chunk) => chunk.choices[0].finish_reason)), [null, 'stop']);
  assert.deepEqual(deltas.at(-1), {});
});

test('a stream that is not asked for its usage does not tell it', async () => {
  const chunks = await collect(await chat.create(asking('text', { stream: true })));
  for (const chunk of chunks) {
    assert.equal(chunk.choices.length, 1);
    assert.equal(chunk.usage ?? null, null);
  }
});

test('reasoning', async () => {
  const whole = await chat.create(asking('thinking'));
  assert.equal(whole.choices[0].message.reasoning_content, 'Compare them first.');
  assert.equal(whole.choices[0].message.content, 'Use Postgres.');
  assert.equal(whole.usage.completion_tokens_details.reasoning_tokens, 3);
  const chunks = await collect(await chat.create(asking('thinking', { stream: true })));
  const deltas = chunks.map((chunk) => chunk.choices[0].delta);
  const joined = (name) => deltas.map((delta) => delta[name] ?? '').join('');
  assert.equal(joined('reasoning_content'), 'Compare them first.');
  assert.equal(joined('content'), 'Use Postgres.');
});

test('the stream helper rebuilds the whole answer', async () => {
  const stream = chat.stream(asking('text', { stream_options: { include_usage: true } }));
  const events = [];
  for (const name of ['content.delta', 'content.done', 'refusal.done'])
    stream.on(name, () => events.push(name));
  const final = await stream.finalChatCompletion();
  assert.deepEqual(runs(events), ['content.delta', 'content.done']);
  const whole = await chat.create(asking('text'));
  assert.deepEqual(
    { ...final, id: '', _request_id: '' },
    {
      ...whole, id: '', _request_id: '',
      choices: [{ ...whole.choices[0], message: { ...whole.choices[0].message, parsed: null } }],
    });
  assert.deepEqual(await stream.totalUsage(), {
    completion_tokens: 9, prompt_tokens: 12, total_tokens: 21,
  });
});

test('tool calls', async () => {
  const { choices: [choice] } = await chat.parse(asking('tools', { tools: [weather] }));
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.content, 'Let me look.');
  const [first, second, ...rest] = choice.message.tool_calls;
  assert.deepEqual(rest, []);
  assert.equal(first.type, 'function');
  assert.match(first.id, /^call_/);
  assert.equal(first.function.name, 'get_weather');
  assert.deepEqual(first.function.parsed_arguments, { city: 'Paris', days: 3 });
  assert.equal(second.function.name, 'get_time');
  assert.deepEqual(JSON.parse(second.function.arguments), { zone: 'Europe/Paris' });
  assert.notEqual(first.id, second.id);
});

test('tool calls without a word have no content', async () => {
  const { choices: [choice] } = await chat.create(asking('only-tools', { tools: [weather] }));
  assert.equal(choice.message.content, null);
  const stream = chat.stream(asking('only-tools', { tools: [weather] }));
  const final = await stream.finalMessage();
  assert.equal(final.content, null);
  assert.deepEqual(final.tool_calls[0].function.parsed_arguments, { city: 'Paris', days: 3 });
});

test('tool calls in a stream', async () => {
  const stream = chat.stream(asking('tools', { tools: [weather] }));
  const done = [];
  let deltas = 0;
  stream.on('tool_calls.function.arguments.delta', () => ++deltas);
  stream.on('tool_calls.function.arguments.done', (event) => done.push(event));
  const { choices: [choice] } = await stream.finalChatCompletion();
  assert.ok(deltas > 2);
  assert.deepEqual(done.map(({ name, index }) => ({ name, index })), [
    { name: 'get_weather', index: 0 },
    { name: 'get_time', index: 1 },
  ]);
  assert.deepEqual(done[0].parsed_arguments, { city: 'Paris', days: 3 });
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.deepEqual(
    choice.message.tool_calls.map((call) => [call.type, call.function.arguments]), [
      ['function', '{"city":"Paris","days":3}'],
      ['function', '{"zone":"Europe/Paris"}'],
    ]);
  for (const call of choice.message.tool_calls) assert.match(call.id, /^call_/);
});

for (const way of ['whole', 'streamed']) {
  test(`the tool runner goes round, ${way}`, async () => {
    const asked = [];
    const runnable = {
      type: 'function',
      function: {
        name: 'get_weather',
        parameters: weatherSchema,
        parse: JSON.parse,
        function: (input) => {
          asked.push(input);
          return 'sunny';
        },
      },
    };
    const runner = chat.runTools(
      asking(`agent-${way}`, { stream: way === 'streamed', tools: [runnable] }));
    assert.equal(await runner.finalContent(), 'It is sunny.');
    assert.deepEqual(asked, [{ city: 'Paris', days: 3 }]);
    assert.deepEqual(
      runner.messages.slice(-3).map((message) => message.role), ['assistant', 'tool', 'assistant']);
  });
}

test('a structured answer', async () => {
  const whole = await chat.parse(asking('structured', { response_format: city }));
  assert.deepEqual(whole.choices[0].message.parsed, { city: 'Paris', people: 2102650 });
  const stream = chat.stream(asking('structured', { response_format: city }));
  let done;
  stream.on('content.done', (event) => (done = event));
  const final = await stream.finalChatCompletion();
  assert.deepEqual(done.parsed, { city: 'Paris', people: 2102650 });
  assert.deepEqual(final.choices[0].message.parsed, { city: 'Paris', people: 2102650 });
});

test('a refusal', async () => {
  const whole = await chat.parse(asking('refusal', { response_format: city }));
  assert.equal(whole.choices[0].message.refusal, 'I cannot help with that.');
  assert.equal(whole.choices[0].message.content, null);
  assert.equal(whole.choices[0].message.parsed, null);
  const stream = chat.stream(asking('refusal', { response_format: city }));
  let done;
  stream.on('refusal.done', (event) => (done = event));
  const final = await stream.finalMessage();
  assert.equal(done.refusal, 'I cannot help with that.');
  assert.equal(final.refusal, 'I cannot help with that.');
});

test('an answer cut short by its limit or a filter', async () => {
  for (const [model, reason, problem] of [
    ['length', 'length', OpenAI.LengthFinishReasonError],
    ['filtered', 'content_filter', OpenAI.ContentFilterFinishReasonError],
  ]) {
    assert.equal((await chat.create(asking(model))).choices[0].finish_reason, reason);
    await assert.rejects(chat.parse(asking(model, { response_format: city })), problem);
    const stream = chat.stream(asking(model, { response_format: city }));
    await assert.rejects(stream.finalChatCompletion(), problem);
  }
});

test('what was asked is understood', async () => {
  const more = { response_format: city };
  const read = {
    model: 'echo', instructions: 'Be brief.', prompt: 'Which database?', schema: citySchema,
  };
  const whole = await chat.parse(asking('echo', more));
  assert.deepEqual(whole.choices[0].message.parsed, { ...read, stream: false });
  const streamed = await chat.stream(asking('echo', more)).finalChatCompletion();
  assert.deepEqual(streamed.choices[0].message.parsed, { ...read, stream: true });
  const parts = await chat.create({
    model: 'echo',
    messages: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Hello.' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: [{ type: 'text', text: 'Which ' }, { type: 'text', text: 'one?' }] },
    ],
  });
  const { instructions, prompt, schema } = JSON.parse(parts.choices[0].message.content);
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
      await assert.rejects(chat.create(asking(`status-${status}`, { stream })), (error) => {
        assert.ok(error instanceof type, `${status} is a ${error.constructor.name}`);
        assert.equal(error.status, status);
        assert.equal(error.message, `${status} scripted failure`);
        assert.match(error.requestID, /^req_/);
        assert.equal(typeof error.type, 'string');
        assert.equal(typeof error.code, 'string');
        return true;
      });
    }
  }
});

test('errors of the provider itself', async () => {
  await assert.rejects(chat.create(asking('nobody')), OpenAI.NotFoundError);
  await assert.rejects(chat.create({ model: 'text' }), OpenAI.BadRequestError);
  const stranger = client.withOptions({ apiKey: 'sk-wrong' });
  await assert.rejects(
    stranger.chat.completions.create(asking('text')), OpenAI.AuthenticationError);
});

test('what fails for a moment is tried again', async () => {
  const patient = client.withOptions({ maxRetries: 2 }).chat.completions;
  const whole = await patient.create(asking('flaky-whole'));
  assert.equal(whole.choices[0].message.content, 'Here now.');
  assert.equal(await patient.stream(asking('flaky-streamed')).finalContent(), 'Here now.');
});

test('an error in a stream', async () => {
  await assert.rejects(
    async () => collect(await chat.create(asking('broken-openai-chat', { stream: true }))),
    (error) => {
      assert.ok(error instanceof OpenAI.APIError);
      assert.equal(error.message, 'The server had an error.');
      assert.equal(error.type, 'server_error');
      return true;
    });
});

test('a stream that is cut off', async () => {
  await assert.rejects(chat.stream(asking('cut')).finalChatCompletion());
});

test('the list of models', async () => {
  const models = await collect(client.models.list());
  assert.ok(models.some((model) => model.id === 'text' && model.object === 'model'));
});
