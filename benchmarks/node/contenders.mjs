// Measures readers of npm on corpora that write_corpora has made:
//
//   node contenders.mjs <folder> <samples>
//
// Compares each byte they bring with what the corpus was made of, then prints one JSON object with
// the nanoseconds an event takes, the best and the median of samples around which the clock was
// steady, over all responses.

import {readFileSync, existsSync} from 'node:fs';
import {join} from 'node:path';

import {Stream as AnthropicStream} from '@anthropic-ai/sdk/core/streaming';
import {createParser} from 'eventsource-parser';
import {Stream as OpenAIStream} from 'openai/core/streaming';

const readSize = 16 << 10;

// What is wanted of a parsed event.
const textOf = {
  chat: (event) => event.choices[0]?.delta?.content,
  anthropic: (event) => (event.type === 'content_block_delta' ? event.delta.text : undefined),
  responses: (event) => (event.type === 'response.output_text.delta' ? event.delta : undefined),
  google: (event) => {
    let text = '';
    for (const part of event.candidates[0].content.parts) if (!part.thought) text += part.text;
    return text;
  },
};

const formats = {a: 'chat', a2: 'chat', b: 'anthropic', c: 'responses', f: 'chat', g: 'google'};

// Each read is a fresh array, as one from a socket is.
function* reads(bytes) {
  for (let at = 0; at < bytes.length; at += readSize) yield bytes.slice(at, at + readSize);
}

const bodyOf = (bytes) => ({
  headers: new Headers(),
  body: {
    async *[Symbol.asyncIterator]() {
      yield* reads(bytes);
    },
  },
});

// Each reads one response.

async function withEventsourceParser(bytes, text, sink) {
  const parser = createParser({
    onEvent: (event) => {
      if (event.data !== '[DONE]') sink(text(JSON.parse(event.data)));
    },
  });
  const decoder = new TextDecoder();
  for (const piece of reads(bytes)) parser.feed(decoder.decode(piece, {stream: true}));
}

const withSdk = (stream) => async (bytes, text, sink) => {
  const events = stream.fromSSEResponse(bodyOf(bytes), new AbortController());
  for await (const event of events) sink(text(event));
};

const contenders = {
  eventsource_parser: {run: withEventsourceParser, on: ['a', 'a2', 'b', 'c', 'f', 'g']},
  openai_node: {run: withSdk(OpenAIStream), on: ['a', 'a2', 'c', 'f']},
  anthropic_node: {run: withSdk(AnthropicStream), on: ['b', 'c']},
};

// What the last event of a response has in it.
const lastEvent = {
  chat: 'data: [DONE]\n\n',
  anthropic: 'event: message_stop',
  responses: 'event: response.completed',
  google: '"finishReason": "STOP"',
};

function countEvents(bytes) {
  let events = 0;
  for (let at = bytes.indexOf('data: '); at >= 0; at = bytes.indexOf('\ndata: ', at + 1)) ++events;
  return events;
}

// The responses of a corpus: OpenAI's decoder reads nothing behind [DONE].
function cut(bytes, mark, blankLine) {
  const responses = [];
  for (let begin = 0; begin < bytes.length; ) {
    const last = bytes.indexOf(mark, begin);
    const end = last < 0 ? bytes.length : bytes.indexOf(blankLine, last) + blankLine.length;
    const response = bytes.subarray(begin, end);
    responses.push({bytes: new Uint8Array(response), events: countEvents(response)});
    begin = end;
  }
  return responses;
}

function load(folder, name) {
  const bytes = readFileSync(join(folder, `${name}.sse`));
  const blankLine = formats[name] === 'google' ? '\r\n\r\n' : '\n\n';
  const responses = cut(bytes, lastEvent[formats[name]], blankLine);
  return {
    bytes: bytes.length,
    events: responses.reduce((sum, each) => sum + each.events, 0),
    text: readFileSync(join(folder, `${name}.text`)),
    responses,
  };
}

async function outputAgrees(run, corpus, text) {
  const found = [];
  const sink = (delta) => {
    if (delta) found.push(Buffer.from(delta), Buffer.from([0xff]));
  };
  for (const response of corpus.responses) await run(response.bytes, text, sink);
  return Buffer.concat(found).equals(corpus.text);
}

// As clock_watch in sse/clock.hpp.
const clock = {
  highest: 0,
  speed() {
    let chain = 1;
    const begin = performance.now();
    for (let i = 0; i < 20000; ++i) chain = Math.imul(chain, 0x9e3779b1) + i;
    const end = performance.now();
    return chain === 0 ? 0 : 20000 / (end - begin);
  },
  steady() {
    const found = this.speed();
    this.highest = Math.max(this.highest, found);
    return found >= this.highest * 0.96;
  },
};

// Samples are single responses, short enough to be left alone by whoever shares the processor.
async function sampleOf(run, response, text, sink) {
  const started = performance.now();
  for (let attempt = 0; ; ++attempt) {
    const before = clock.steady();
    const begin = performance.now();
    await run(response.bytes, text, sink);
    const end = performance.now();
    if (before && clock.steady()) return {ns: (end - begin) * 1e6, rejected: attempt};
    if (performance.now() - started > 2000) return {ns: Infinity, rejected: attempt + 1};
  }
}

async function measure(run, corpus, text, samples) {
  let touched = 0;
  const sink = (delta) => {
    if (delta) touched += delta.length;
  };
  const sums = {best: 0, median: 0, rejected: 0};
  for (const response of corpus.responses) {
    const times = [];
    for (let i = 0; i < samples; ++i) {
      const sample = await sampleOf(run, response, text, sink);
      times.push(sample.ns);
      sums.rejected += sample.rejected;
    }
    times.sort((x, y) => x - y);
    sums.best += times[0];
    sums.median += times[samples >> 1];
  }
  const finite = (sum) => (Number.isFinite(sum) ? sum / corpus.events : null);
  return {
    best: finite(sums.best),
    median: finite(sums.median),
    accepted: samples * corpus.responses.length,
    rejected: sums.rejected,
    bytes: corpus.bytes,
    events: corpus.events,
  };
}

const [folder, samples] = [process.argv[2], Number(process.argv[3])];
for (let i = 0; i < 2000; ++i) clock.steady();
const results = {};
const corpora = {};
for (const [name, {run, on}] of Object.entries(contenders)) {
  for (const which of on) {
    if (!existsSync(join(folder, `${which}.sse`))) continue;
    const corpus = (corpora[which] ??= load(folder, which));
    const text = textOf[formats[which]];
    if (!(await outputAgrees(run, corpus, text))) {
      console.error(`${name} does not find the text of corpus ${which}`);
      process.exit(1);
    }
    for (let i = 0; i < 5; ++i) await outputAgrees(run, corpus, text); // compiles it
    results[`${name}/${which}`] = await measure(run, corpus, text, samples);
  }
}
console.log(JSON.stringify({node: process.version, results}));
