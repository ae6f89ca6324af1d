// The server's responses, as the openai package reads them: models in every wire format.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { citySchema, collect, runs, weatherSchema } from './provider.mjs';
import { formats, key, url } from './server.mjs';

const client = new OpenAI({ baseURL: `${url}/v3/compat`, apiKey: key, maxRetries: 0 });
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

for (const format of formats) {
  test(`${format}: a whole answer`, async () => {
    const answer = await responses.create(asking(`${format}/text`, { temperature: 0.5 }));
    assert.match(answer.id, /^resp_/);
    assert.equal(typeof answer._request_id, 'string');
    assert.equal(answer.object, 'response');
    assert.equal(answer.model, `${format}/text`);
    assert.equal(answer.status, 'completed');
    assert.equal(answer.error, null);
    assert.equal(answer.incomplete_details, null);
    assert.equal(answer.instructions, 'Be brief.');
    assert.equal(answer.temperature, 0.5);
    assert.equal(answer.store, false);
    assert.ok(answer.completed_at >= answer.created_at);
    assert.equal(answer.output_text, 'Use Postgres, für alle.');
    const [item] = answer.output;
    assert.equal(item.type, 'message');
    assert.equal(item.status, 'completed');
    assert.deepEqual(item.content[0].annotations, []);
    assert.equal(answer.usage.input_tokens, 12);
    assert.equal(answer.usage.output_tokens, 9);
    assert.equal(answer.usage.total_tokens, 21);
  });

  test(`${format}: a stream, event by event`, async () => {
    const events = await collect(
      await responses.create(asking(`${format}/text`, { stream: true })));
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
    assert.deepEqual(deltas.map((event) => event.delta), ['Use', ' Postgres,', ' für', ' alle.']);
    assert.equal(events.at(-1).response.usage.total_tokens, 21);
  });

  test(`${format}: the stream helper rebuilds the whole answer`, async () => {
    const final = await responses.stream(asking(`${format}/thinking`)).finalResponse();
    assert.equal(final.output_text, 'Use Postgres.');
    assert.deepEqual(final.output.map((item) => item.type), ['reasoning', 'message']);
    assert.equal(final.output[0].summary[0].text, 'Compare them first.');
    const whole = await responses.create(asking(`${format}/thinking`));
    assert.deepEqual(
      whole.output.map(({ id, ...item }) => item),
      final.output.map(({ id, content, ...item }) => ({
        ...item,
        ...(content && { content: content.map(({ parsed, ...part }) => part) }),
      })));
  });

  test(`${format}: tool calls, and the conversation goes on`, async () => {
    const number = formats.indexOf(format) + 6;
    const asked = asking(`${format}/agent-${number}`, { tools: [weather] });
    const first = number % 2
      ? await responses.create(asked)
      : await responses.stream(asked).finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    assert.equal(call.name, 'get_weather');
    assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris', days: 3 });
    assert.equal(call.status, 'completed');
    const { parsed_arguments, ...sent } = call;
    const second = await responses.create({
      ...asked,
      input: [
        { role: 'user', content: 'Weather?' },
        sent,
        { type: 'function_call_output', call_id: call.call_id, output: 'sunny' },
      ],
    });
    assert.equal(second.output_text, 'It is sunny.');
  });

  test(`${format}: a structured answer`, async () => {
    const whole = await responses.parse(asking(`${format}/structured`, city));
    assert.deepEqual(whole.output_parsed, { city: 'Paris', people: 2102650 });
    const final = await responses.stream(asking(`${format}/structured`, city)).finalResponse();
    assert.deepEqual(final.output_parsed, { city: 'Paris', people: 2102650 });
  });

  test(`${format}: an answer cut short by its limit`, async () => {
    const whole = await responses.create(asking(`${format}/length`));
    assert.equal(whole.status, 'incomplete');
    assert.equal(whole.incomplete_details.reason, 'max_output_tokens');
    const events = await collect(
      await responses.create(asking(`${format}/length`, { stream: true })));
    assert.equal(events.at(-1).type, 'response.incomplete');
  });

  test(`${format}: a refusal is an answer`, async () => {
    const whole = await responses.create(asking(`${format}/refusal`));
    const final = await responses.stream(asking(`${format}/refusal`)).finalResponse();
    const refusal = (answer) => answer.output
      .flatMap((item) => item.content ?? [])
      .find((part) => part.type === 'refusal')?.refusal;
    assert.equal(refusal(final), refusal(whole));
    assert.ok(refusal(whole) || whole.incomplete_details?.reason === 'content_filter');
  });

  test(`${format}: a provider's errors`, async () => {
    for (const [status, told] of [[400, 400], [403, 502], [404, 404], [429, 429], [500, 502]]) {
      for (const stream of [false, true]) {
        await assert.rejects(
          responses.create(asking(`${format}/status-${status}`, { stream })),
          (error) => {
            assert.ok(error instanceof OpenAI.APIError);
            assert.equal(error.status, told);
            assert.match(error.message, / failure/);
            return true;
          });
      }
    }
  });

  test(`${format}: a stream that is cut off fails`, async () => {
    await assert.rejects(
      async () => collect(await responses.create(asking(`${format}/cut`, { stream: true }))),
      (error) => {
        assert.ok(error instanceof OpenAI.APIError, String(error));
        return true;
      });
    await assert.rejects(responses.create(asking(`${format}/cut`)), OpenAI.InternalServerError);
  });
}

test('requests that are wrong', async () => {
  const refused = async (asked, status, param) => {
    await assert.rejects(responses.create(asked), (error) => {
      assert.equal(error.status, status, error.message);
      assert.equal(error.param, param);
      return true;
    });
  };
  await refused(asking('nobody/knows-it'), 404, 'model');
  await refused({ model: 'chat/text' }, 400, 'input');
  await refused(asking('chat/text', { previous_response_id: 'resp_1' }), 400,
    'previous_response_id');
  await refused(asking('chat/text', { tools: [{ type: 'web_search' }] }), 400, 'tools[0].type');
});
