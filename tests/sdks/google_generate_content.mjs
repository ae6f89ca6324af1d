// Google's generateContent and streamGenerateContent, as the @google/genai package reads them.
import { ApiError, GoogleGenAI } from '@google/genai';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citySchema, collect, key, runs, url, weatherSchema } from './provider.mjs';

const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
const { models } = client;
const asking = (model, config = {}) => ({
  model,
  contents: 'Which database?',
  config: { systemInstruction: 'Be brief.', ...config },
});
const weather = { name: 'get_weather', parametersJsonSchema: weatherSchema };
const tools = { tools: [{ functionDeclarations: [weather] }] };
const city = { responseMimeType: 'application/json', responseJsonSchema: citySchema };
const streamed = async (...request) => collect(await models.generateContentStream(...request));
const text = (chunks) => chunks.map((chunk) => chunk.text ?? '').join('');

test('a whole answer', async () => {
  const answer = await models.generateContent(asking('text'));
  assert.ok(answer.responseId.length > 0);
  assert.equal(answer.modelVersion, 'text');
  assert.equal(answer.text, 'Use Postgres, für alle.');
  assert.equal(answer.candidates.length, 1);
  const [candidate] = answer.candidates;
  assert.equal(candidate.index ?? 0, 0);
  assert.equal(candidate.content.role, 'model');
  assert.equal(candidate.finishReason, 'STOP');
  assert.equal(answer.functionCalls, undefined);
  assert.equal(answer.usageMetadata.promptTokenCount, 12);
  assert.equal(answer.usageMetadata.candidatesTokenCount, 9);
  assert.equal(answer.usageMetadata.totalTokenCount, 21);
});

test('a stream, event by event', async () => {
  const chunks = await streamed(asking('text'));
  assert.deepEqual(
    chunks.map((chunk) => chunk.text).filter(Boolean), ['Use', ' Postgres,', ' für', ' alle.']);
  for (const chunk of chunks) {
    assert.equal(chunk.responseId, chunks[0].responseId);
    assert.equal(chunk.modelVersion, 'text');
  }
  assert.deepEqual(
    runs(chunks.map((chunk) => chunk.candidates[0].finishReason)), [undefined, 'STOP']);
  assert.equal(chunks.at(-1).usageMetadata.totalTokenCount, 21);
});

test('the events have no names, and nothing marks the end', async () => {
  const response = await fetch(`${url}/v1beta/models/text:streamGenerateContent?alt=sse`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hello.' }] }] }),
  });
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  const frames = (await response.text()).split(/\r?\n\r?\n/).filter(Boolean);
  for (const frame of frames) assert.ok(JSON.parse(frame.replace('data: ', '')).candidates);
});

test('thoughts', async () => {
  const config = { thinkingConfig: { includeThoughts: true } };
  const whole = await models.generateContent(asking('thinking', config));
  const thoughts = (answer) =>
    answer.candidates[0].content.parts.filter((part) => part.thought).map((part) => part.text);
  assert.equal(thoughts(whole).join(''), 'Compare them first.');
  assert.equal(whole.text, 'Use Postgres.');
  assert.equal(whole.usageMetadata.thoughtsTokenCount, 3);
  assert.equal(whole.usageMetadata.candidatesTokenCount, 6);
  assert.equal(whole.usageMetadata.totalTokenCount, 21);
  const chunks = await streamed(asking('thinking', config));
  assert.equal(text(chunks), 'Use Postgres.');
  assert.equal(chunks.flatMap(thoughts).join(''), 'Compare them first.');
});

test('tool calls', async () => {
  const whole = await models.generateContent(asking('tools', tools));
  assert.equal(whole.candidates[0].finishReason, 'STOP');
  assert.equal(whole.candidates[0].content.parts[0].text, 'Let me look.');
  const called = (calls) => calls.map(({ name, args }) => ({ name, args }));
  assert.deepEqual(called(whole.functionCalls), [
    { name: 'get_weather', args: { city: 'Paris', days: 3 } },
    { name: 'get_time', args: { zone: 'Europe/Paris' } },
  ]);
  const [first, second] = whole.functionCalls;
  assert.ok(first.id.length > 0);
  assert.notEqual(first.id, second.id);
  const chunks = await streamed(asking('tools', tools));
  assert.equal(
    chunks.flatMap((chunk) => chunk.candidates[0].content?.parts ?? [])
      .map((part) => part.text ?? '').join(''), 'Let me look.');
  assert.deepEqual(
    called(chunks.flatMap((chunk) => chunk.functionCalls ?? [])), called(whole.functionCalls));
});

for (const way of ['whole', 'streamed']) {
  test(`automatic function calling goes round, ${way}`, async () => {
    const asked = [];
    const callable = {
      tool: async () => tools.tools[0],
      callTool: async (calls) => calls.map(({ id, name, args }) => {
        asked.push(args);
        return { functionResponse: { id, name, response: { output: 'sunny' } } };
      }),
    };
    const request = asking(`agent-${way}`, { tools: [callable] });
    const answer = way === 'whole'
      ? (await models.generateContent(request)).text
      : text(await streamed(request));
    assert.equal(answer, 'It is sunny.');
    assert.deepEqual(asked, [{ city: 'Paris', days: 3 }]);
  });
}

test('a structured answer', async () => {
  const whole = await models.generateContent(asking('structured', city));
  assert.deepEqual(JSON.parse(whole.text), { city: 'Paris', people: 2102650 });
  const chunks = await streamed(asking('structured', city));
  assert.deepEqual(JSON.parse(text(chunks)), { city: 'Paris', people: 2102650 });
});

test('an answer cut short by its limit or a filter', async () => {
  for (const [model, reason] of [
    ['length', 'MAX_TOKENS'], ['filtered', 'SAFETY'], ['refusal', 'SAFETY'],
  ]) {
    const whole = await models.generateContent(asking(model));
    assert.equal(whole.candidates[0].finishReason, reason);
    const chunks = await streamed(asking(model));
    assert.equal(chunks.at(-1).candidates[0].finishReason, reason);
  }
});

test('what was asked is understood', async () => {
  const read = {
    model: 'echo', instructions: 'Be brief.', prompt: 'Which database?', schema: citySchema,
  };
  const whole = await models.generateContent(asking('echo', city));
  assert.deepEqual(JSON.parse(whole.text), { ...read, stream: false });
  const chunks = await streamed(asking('echo', city));
  assert.deepEqual(JSON.parse(text(chunks)), { ...read, stream: true });
  const parts = await models.generateContent({
    model: 'echo',
    contents: [
      { role: 'user', parts: [{ text: 'Hello.' }] },
      { role: 'model', parts: [{ text: 'Hello.' }] },
      { role: 'user', parts: [{ text: 'Which ' }, { text: 'one?' }] },
    ],
    config: { systemInstruction: { parts: [{ text: 'Be brief.' }] } },
  });
  const { instructions, prompt, schema } = JSON.parse(parts.text);
  assert.deepEqual({ instructions, prompt, schema },
    { instructions: 'Be brief.', prompt: 'Which one?', schema: null });
});

test('the list of models', async () => {
  const names = (await collect(await models.list())).map((model) => model.name);
  assert.ok(names.includes('models/text'));
});

test('a chat keeps what was said', async () => {
  for (const way of ['sendMessage', 'sendMessageStream']) {
    const chat = client.chats.create({ model: 'text' });
    const answer = await chat[way]({ message: 'Which database?' });
    if (way === 'sendMessageStream') await collect(answer);
    const said = chat.getHistory(true);
    assert.equal(said[0].parts[0].text, 'Which database?');
    assert.equal(
      said.slice(1).flatMap((turn) => turn.parts).map((part) => part.text).join(''),
      'Use Postgres, für alle.');
  }
});

test('errors', async () => {
  for (const [status, word] of [
    [400, 'INVALID_ARGUMENT'], [403, 'PERMISSION_DENIED'], [404, 'NOT_FOUND'],
    [429, 'RESOURCE_EXHAUSTED'], [500, 'INTERNAL'], [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
  ]) {
    for (const ask of [models.generateContent.bind(models), streamed]) {
      await assert.rejects(ask(asking(`status-${status}`)), (error) => {
        assert.ok(error instanceof ApiError, `${status} is a ${error.constructor.name}`);
        assert.equal(error.status, status);
        const { error: { code, message, status: name } } = JSON.parse(error.message);
        assert.deepEqual([code, message, name], [status, 'scripted failure', word]);
        return true;
      });
    }
  }
});

test('errors of the provider itself', async () => {
  const failing = (status) => (error) => error instanceof ApiError && error.status === status;
  await assert.rejects(models.generateContent(asking('nobody')), failing(404));
  const stranger = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl: url } });
  await assert.rejects(stranger.models.generateContent(asking('text')), failing(401));
});

test('what fails for a moment is tried again', async () => {
  const retryOptions = { attempts: 3, initialDelay: 0.001 };
  const patient = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url, retryOptions } });
  assert.equal((await patient.models.generateContent(asking('flaky-whole'))).text, 'Here now.');
  const chunks = await collect(
    await patient.models.generateContentStream(asking('flaky-streamed')));
  assert.equal(text(chunks), 'Here now.');
});

test('an error in a stream', async () => {
  await assert.rejects(streamed(asking('broken-google-generate-content')), (error) => {
    assert.ok(error instanceof ApiError, `${error.constructor.name}`);
    assert.equal(error.status, 503);
    assert.match(error.message, /UNAVAILABLE/);
    return true;
  });
});

test('a stream that is cut off', async () => {
  await assert.rejects(streamed(asking('cut')));
});
