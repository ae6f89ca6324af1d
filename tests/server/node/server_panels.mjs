// Panels as models, asked by the openai package; and what curl sees of the server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import OpenAI from 'openai';
import { citySchema, collect } from './provider.mjs';
import { key, url } from './server.mjs';

const client = new OpenAI({ baseURL: `${url}/v3/compat`, apiKey: key, maxRetries: 0 });
const chat = client.chat.completions;
const { responses } = client;
const question = [{ role: 'user', content: 'Which database?' }];
const consolidated = 'Use Postgres, für alle.';

test('a panel is a model: a whole completion', async () => {
  const answer = await chat.create({ model: 'panel/default', messages: question });
  assert.equal(answer.model, 'panel/default');
  const [choice] = answer.choices;
  assert.equal(choice.finish_reason, 'stop');
  assert.equal(choice.message.content, consolidated);
  for (const model of ['chat/text', 'anthropic/text', 'google/thinking'])
    assert.ok(choice.message.reasoning_content.includes(`${model} answered`), model);
  // three seats and the consolidation
  assert.equal(answer.usage.prompt_tokens, 48);
  assert.equal(answer.usage.completion_tokens, 36);
});

test('a panel is a model: its progress is reasoning, its consolidation the content', async () => {
  const more = { stream: true, stream_options: { include_usage: true } };
  const chunks = await collect(
    await chat.create({ model: 'panel/default', messages: question, ...more }));
  assert.equal(chunks.at(-1).usage.total_tokens, 84);
  const deltas = chunks.slice(0, -1).map((chunk) => chunk.choices[0].delta);
  const joined = (name) => deltas.map((delta) => delta[name] ?? '').join('');
  assert.equal(joined('content'), consolidated);
  assert.match(joined('reasoning_content'), /chat\/text is asked\.\n/);
  assert.match(joined('reasoning_content'), /chat\/text merges the answers\.\n$/);
  const firstText = deltas.findIndex((delta) => delta.content);
  assert.ok(deltas.slice(firstText).every((delta) => !delta.reasoning_content));
  assert.ok(deltas.filter((delta) => delta.content).length > 2, 'the text comes in pieces');
});

test('a panel is a model: a response, whole and streamed', async () => {
  const asked = { model: 'panel/default', input: 'Which database?' };
  for (const answer of [
    await responses.create(asked), await responses.stream(asked).finalResponse(),
  ]) {
    assert.equal(answer.status, 'completed');
    assert.equal(answer.output_text, consolidated);
    assert.deepEqual(answer.output.map((item) => item.type), ['reasoning', 'message']);
    assert.match(answer.output[0].summary[0].text, /anthropic\/text answered/);
    assert.equal(answer.usage.total_tokens, 84);
  }
});

test('a panel that is spelled in the request', async () => {
  const answer = await chat.create({ model: 'panel:chat/text+google/text', messages: question });
  assert.equal(answer.choices[0].message.content, consolidated);
  const vote = 'panel:chat/no+responses/no+chat/yes?resolution=multiple_choice&choice=yes&choice=no';
  const picked = await chat.create({ model: vote, messages: question });
  assert.equal(picked.choices[0].message.content, 'no');
  for (const wrong of ['panel:', 'panel:a?resolution=best', 'panel/fast'])
    await assert.rejects(chat.create({ model: wrong, messages: question }), (error) =>
      error.status === (wrong === 'panel:a?resolution=best' || wrong.startsWith('panel') ? 400 : 0) &&
      error.param === 'model');
  await assert.rejects(
    chat.create({ model: 'panel:chat/text+nobody/x', messages: question }),
    OpenAI.NotFoundError);
});

test('a vote', async () => {
  const answer = await chat.create({ model: 'panel/vote', messages: question });
  assert.equal(answer.choices[0].message.content, 'yes');
  assert.match(answer.choices[0].message.reasoning_content, /Votes: yes 2, no 1\./);
  assert.equal(
    await chat.stream({ model: 'panel/vote', messages: question }).finalContent(), 'yes');
  const { data } = await client.models.list();
  assert.deepEqual(data.find(({ id }) => id === 'panel/vote').choices, ['yes', 'no']);
  const format = {
    type: 'json_schema', name: 'pick', strict: true,
    schema: {
      type: 'object', properties: { pick: { enum: ['yes', 'no'] } }, required: ['pick'],
      additionalProperties: false,
    },
  };
  for (const ask of [
    () => chat.create({
      model: 'panel/vote', messages: question,
      response_format: { type: 'json_schema', json_schema: format },
    }),
    () => responses.create({ model: 'panel/vote', input: 'Which?', text: { format } }),
  ])
    await assert.rejects(ask(), (error) =>
      error.status === 400 && error.param === 'model' && /votes/.test(error.message));
});

test('a structured answer of a panel', async () => {
  const response_format = {
    type: 'json_schema', json_schema: { name: 'city', strict: true, schema: citySchema },
  };
  const asked = { model: 'panel/structured', messages: question, response_format };
  const parsed = { city: 'Paris', people: 2102650 };
  assert.deepEqual((await chat.parse(asked)).choices[0].message.parsed, parsed);
  const final = await chat.stream(asked).finalChatCompletion();
  assert.deepEqual(final.choices[0].message.parsed, parsed);
  const text = { format: { type: 'json_schema', name: 'city', strict: true, schema: citySchema } };
  const answer = await responses.parse({ model: 'panel/structured', input: 'Which?', text });
  assert.deepEqual(answer.output_parsed, parsed);
});

test('one model of a panel fails', async () => {
  const asked = { model: 'panel/one-left', messages: question };
  for (const message of [
    (await chat.create(asked)).choices[0].message, await chat.stream(asked).finalMessage(),
  ])
    assert.equal(message.content, consolidated);
  const whole = await chat.create(asked);
  assert.match(whole.choices[0].message.reasoning_content, /chat\/status-400 failed: .* failure/);
});

test('all models of a panel fail', async () => {
  for (const ask of [
    () => chat.create({ model: 'panel/none-left', messages: question }),
    () => responses.create({ model: 'panel/none-left', input: 'Which?' }),
  ])
    await assert.rejects(ask(), (error) => {
      assert.equal(error.status, 502);
      assert.equal(error.code, 'all_models_failed');
      assert.match(error.message, /chat\/status-400: .*anthropic\/status-404: /);
      return true;
    });
  for (const ask of [
    async () => collect(
      await chat.create({ model: 'panel/none-left', messages: question, stream: true })),
    async () => collect(
      await responses.create({ model: 'panel/none-left', input: 'Which?', stream: true })),
  ])
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.match(error.message, /no model of the panel answered/);
      return true;
    });
});

test('merging the answers fails', async () => {
  await assert.rejects(chat.create({ model: 'panel/unmerged', messages: question }), (error) => {
    assert.equal(error.status, 502);
    assert.equal(error.code, 'consolidation_failed');
    return true;
  });
  // The text that was shown cannot be taken back, so that it is not begun anew.
  await assert.rejects(
    async () => collect(
      await chat.create({ model: 'panel/cut', messages: question, stream: true })),
    OpenAI.APIError);
});

test('a panel takes a conversation, and no tools or images', async () => {
  const conversation = [
    ...question, { role: 'assistant', content: 'Postgres.' }, { role: 'user', content: 'Why?' },
  ];
  const answer = await chat.create({ model: 'panel:chat/echo', messages: conversation });
  const { prompt } = JSON.parse(answer.choices[0].message.content);
  assert.deepEqual(JSON.parse(prompt.slice(prompt.indexOf('['))), conversation);
  await assert.rejects(
    chat.create({
      model: 'panel/default',
      messages: [{
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'https://example.org/a.png' } }],
      }],
    }),
    OpenAI.BadRequestError);
});

const curl = (...more) => execFileSync('curl', [
  '--silent', '--show-error', '--no-buffer', '--max-time', '20',
  '--header', `authorization: Bearer ${key}`, ...more,
], { encoding: 'utf8' });

test('curl sees a stream of the roundtable', () => {
  const body = JSON.stringify({
    input: 'Which?', models: [{ name: 'chat/text' }, { name: 'anthropic/text' }], stream: true,
  });
  const text = curl('--include', '--json', body, `${url}/v3/roundtable`);
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(text, /content-type: text\/event-stream\r\n/i);
  assert.match(text, /x-request-id: \S+\r\n/i);
  const events = text.slice(text.indexOf('\r\n\r\n') + 4).trim().split('\n\n');
  assert.equal(events.pop(), 'data: [DONE]');
  const frames = events.map((event) => JSON.parse(event.replace(/^data: /, '')));
  assert.equal(frames[0].type, 'model_start');
  assert.equal(frames.at(-1).type, 'done');
  assert.equal(frames.at(-1).data, consolidated);
});

test('curl sees what is served, and by which methods', () => {
  assert.match(curl(`${url}/v3/openapi.yaml`), /^openapi: 3\.1\.0\n/);
  assert.match(curl('--include', `${url}/v3/roundtable`), /^HTTP\/1\.1 405 /);
  assert.match(curl(`${url}/v3/models`), /"panel\/default"/);
});
