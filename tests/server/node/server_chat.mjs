// The server's chat completions, as the openai package reads them: models in every wire format.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { citySchema, collect, runs, weatherSchema } from './provider.mjs';
import { formats, key, url } from './server.mjs';

const client = new OpenAI({ baseURL: `${url}/v3/compat`, apiKey: key, maxRetries: 0 });
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

for (const format of formats) {
  test(`${format}: a whole answer`, async () => {
    const answer = await chat.create(asking(`${format}/text`));
    assert.match(answer.id, /^chatcmpl-/);
    assert.equal(typeof answer._request_id, 'string');
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.model, `${format}/text`);
    assert.ok(Math.abs(answer.created - Date.now() / 1000) < 60);
    const [choice] = answer.choices;
    assert.equal(choice.finish_reason, 'stop');
    assert.equal(choice.message.role, 'assistant');
    assert.equal(choice.message.content, 'Use Postgres, für alle.');
    assert.equal(choice.message.refusal, null);
    assert.equal(answer.usage.prompt_tokens, 12);
    assert.equal(answer.usage.completion_tokens, 9);
    assert.equal(answer.usage.total_tokens, 21);
  });

  test(`${format}: a stream, event by event`, async () => {
    const more = { stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(await chat.create(asking(`${format}/text`, more)));
    for (const chunk of chunks) {
      assert.equal(chunk.object, 'chat.completion.chunk');
      assert.equal(chunk.id, chunks[0].id);
      assert.equal(chunk.model, `${format}/text`);
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
  });

  test(`${format}: a stream that is not asked for its usage does not tell it`, async () => {
    for (const chunk of await collect(await chat.create(asking(`${format}/text`, { stream: true })))) {
      assert.equal(chunk.choices.length, 1);
      assert.equal(chunk.usage, undefined);
    }
  });

  test(`${format}: reasoning`, async () => {
    const whole = await chat.create(asking(`${format}/thinking`));
    assert.equal(whole.choices[0].message.content, 'Use Postgres.');
    assert.equal(whole.choices[0].message.reasoning_content, 'Compare them first.');
    const chunks = await collect(await chat.create(asking(`${format}/thinking`, { stream: true })));
    const deltas = chunks.map((chunk) => chunk.choices[0].delta);
    const joined = (name) => deltas.map((delta) => delta[name] ?? '').join('');
    assert.equal(joined('reasoning_content'), 'Compare them first.');
    assert.equal(joined('content'), 'Use Postgres.');
  });

  test(`${format}: tool calls, whole and streamed`, async () => {
    const check = (choice) => {
      assert.equal(choice.finish_reason, 'tool_calls');
      assert.equal(choice.message.content, 'Let me look.');
      const [first, second, ...rest] = choice.message.tool_calls;
      assert.deepEqual(rest, []);
      assert.equal(first.type, 'function');
      assert.equal(first.function.name, 'get_weather');
      assert.deepEqual(JSON.parse(first.function.arguments), { city: 'Paris', days: 3 });
      assert.equal(second.function.name, 'get_time');
      assert.ok(first.id);
      assert.notEqual(first.id, second.id);
    };
    const asked = asking(`${format}/tools`, { tools: [weather] });
    check((await chat.create(asked)).choices[0]);
    check((await chat.stream(asked).finalChatCompletion()).choices[0]);
  });

  test(`${format}: tool calls without a word have no content`, async () => {
    const asked = asking(`${format}/only-tools`, { tools: [weather] });
    assert.equal((await chat.create(asked)).choices[0].message.content, null);
    const final = await chat.stream(asked).finalMessage();
    assert.deepEqual(final.tool_calls[0].function.parsed_arguments, { city: 'Paris', days: 3 });
  });

  test(`${format}: the tool runner goes round`, async () => {
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
    const number = formats.indexOf(format) + 1;
    const runner = chat.runTools(
      asking(`${format}/agent-${number}`, { stream: number % 2 === 0, tools: [runnable] }));
    assert.equal(await runner.finalContent(), 'It is sunny.');
    assert.deepEqual(asked, [{ city: 'Paris', days: 3 }]);
  });

  test(`${format}: a structured answer`, async () => {
    const asked = asking(`${format}/structured`, { response_format: city });
    const whole = await chat.parse(asked);
    assert.deepEqual(whole.choices[0].message.parsed, { city: 'Paris', people: 2102650 });
    const final = await chat.stream(asked).finalChatCompletion();
    assert.deepEqual(final.choices[0].message.parsed, { city: 'Paris', people: 2102650 });
  });

  test(`${format}: a refusal is an answer`, async () => {
    const whole = await chat.create(asking(`${format}/refusal`));
    const chunks = await collect(await chat.create(asking(`${format}/refusal`, { stream: true })));
    const deltas = chunks.map((chunk) => chunk.choices[0].delta);
    const refusal = deltas.map((delta) => delta.refusal ?? '').join('');
    assert.equal(refusal, whole.choices[0].message.refusal ?? '');
    const filtered = whole.choices[0].finish_reason === 'content_filter';
    assert.ok(refusal || filtered, JSON.stringify(whole));
    assert.equal(chunks.at(-1).choices[0].finish_reason, whole.choices[0].finish_reason);
  });

  test(`${format}: an answer cut short by its limit`, async () => {
    assert.equal(
      (await chat.create(asking(`${format}/length`))).choices[0].finish_reason, 'length');
    const stream = chat.stream(asking(`${format}/length`, { response_format: city }));
    await assert.rejects(stream.finalChatCompletion(), OpenAI.LengthFinishReasonError);
  });

  test(`${format}: what was asked is understood`, async () => {
    const read = { instructions: 'Be brief.', prompt: 'Which database?' };
    for (const stream of [false, true]) {
      const asked = asking(`${format}/echo`);
      const text = stream
        ? await chat.stream(asked).finalContent()
        : (await chat.create(asked)).choices[0].message.content;
      const { model, instructions, prompt } = JSON.parse(text);
      assert.deepEqual({ instructions, prompt }, read);
      assert.equal(model, 'echo');
    }
  });

  test(`${format}: a provider's errors`, async () => {
    for (const [status, told] of [
      [400, 400], [403, 502], [404, 404], [422, 422], [429, 429], [500, 502], [503, 503],
    ]) {
      for (const stream of [false, true]) {
        await assert.rejects(
          chat.create(asking(`${format}/status-${status}`, { stream })),
          (error) => {
            assert.ok(error instanceof OpenAI.APIError);
            assert.equal(error.status, told, `${status}: ${error.message}`);
            assert.match(error.message, / failure/);
            assert.equal(typeof error.code, 'string');
            assert.equal(typeof error.type, 'string');
            assert.equal(typeof error.requestID, 'string');
            return true;
          });
      }
    }
  });

  test(`${format}: a stream that is cut off fails, and is not begun anew`, async () => {
    const seen = [];
    await assert.rejects(
      async () => {
        for await (const chunk of await chat.create(asking(`${format}/cut`, { stream: true })))
          seen.push(chunk.choices[0].delta.content ?? '');
      },
      (error) => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        assert.equal(typeof error.code, 'string');
        return true;
      });
    assert.ok('Use Postgres, for all.'.startsWith(seen.join('')), seen.join(''));
    await assert.rejects(chat.create(asking(`${format}/cut`)), OpenAI.InternalServerError);
  });
}

test('an image and a file reach the model', async () => {
  const answer = await chat.create({
    model: 'chat/echo',
    messages: [{
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,QUJD' } },
      ],
    }],
  });
  assert.equal(JSON.parse(answer.choices[0].message.content).prompt, 'What is it?');
});

test('requests that are wrong', async () => {
  const refused = async (asked, status, param) => {
    for (const stream of [false, true]) {
      await assert.rejects(chat.create({ ...asked, stream }), (error) => {
        assert.equal(error.status, status, error.message);
        assert.equal(error.param, param);
        assert.equal(error.type, 'invalid_request_error');
        return true;
      });
    }
  };
  await refused(asking('nobody/knows-it'), 404, 'model');
  await refused({ model: 'chat/text' }, 400, 'messages');
  await refused({ model: 'chat/text', messages: [] }, 400, 'messages');
  await refused(asking('chat/text', { temperature: 7 }), 400, 'temperature');
  await refused(asking('chat/text', { n: 2 }), 400, 'n');
  await refused(asking('chat/text', { stop: ['x'] }), 400, 'stop');
  await refused(asking('chat/text', { tools: [{ type: 'custom', custom: {} }] }), 400,
    'tools[0].type');
  const stranger = client.withOptions({ apiKey: 'a-wrong-key-of-some-length' });
  await assert.rejects(
    stranger.chat.completions.create(asking('chat/text')), OpenAI.AuthenticationError);
});

test('a provider that cannot be reached', async () => {
  await assert.rejects(chat.create(asking('nobody-there')), (error) => {
    assert.equal(error.status, 502);
    assert.equal(error.code, 'provider_unreachable');
    return true;
  });
});

test('what fails for a moment is tried again by the client', async () => {
  await assert.rejects(chat.create(asking('chat/flaky-whole')), (error) => error.status === 503);
  const whole = await chat.create(asking('chat/flaky-whole'));
  assert.equal(whole.choices[0].message.content, 'Here now.');
  const patient = client.withOptions({ maxRetries: 1 }).chat.completions;
  assert.equal(await patient.stream(asking('chat/flaky-streamed')).finalContent(), 'Here now.');
});

test('the list of models has those of the configuration, and the panels', async () => {
  const models = await collect(client.models.list());
  const ids = models.map((model) => model.id);
  for (const id of ['panel/default', 'panel/vote', 'chat/text', 'nobody-there'])
    assert.ok(ids.includes(id), id);
  for (const model of models) assert.equal(model.object, 'model');
  assert.deepEqual(models.find((model) => model.id === 'panel/default').models,
    ['chat/text', 'anthropic/text', 'google/thinking']);
});
