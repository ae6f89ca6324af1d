// What goes over the wire has the types that the packages declare for it: nothing is missing that
// they promise, and nothing is there that they do not know. The compiler of TypeScript is asked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { key, url } from './provider.mjs';

const models = [
  'text', 'thinking', 'structured', 'tools', 'only-tools', 'refusal', 'length', 'filtered',
];
const question = 'Which database?';

const formats = [
  {
    name: 'Chat Completions',
    path: () => '/v1/chat/completions',
    body: (model, stream) => ({
      model, stream, messages: [{ role: 'user', content: question }],
      ...(stream && { stream_options: { include_usage: true } }),
    }),
    // The member for reasoning is of those who imitate OpenAI.
    models: models.filter((model) => model !== 'thinking'),
    whole: 'ChatCompletion',
    event: 'ChatCompletionChunk',
    error: '{ error: ErrorObject }',
  },
  {
    name: 'Responses',
    path: () => '/v1/responses',
    body: (model, stream) => ({ model, stream, input: question }),
    whole: 'Response',
    event: 'ResponseStreamEvent',
    error: '{ error: ErrorObject }',
  },
  {
    name: 'Messages',
    path: () => '/v1/messages',
    body: (model, stream) => ({
      model, stream, max_tokens: 100, messages: [{ role: 'user', content: question }],
    }),
    whole: 'Message',
    event: 'RawMessageStreamEvent | { type: "ping" }',
    error: 'ErrorResponse',
  },
  {
    name: 'generateContent',
    path: (model, stream) =>
      `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: () => ({ contents: [{ role: 'user', parts: [{ text: question }] }] }),
    whole: 'Generated',
    event: 'Generated',
  },
  {
    name: 'Interactions',
    path: () => '/v1beta/interactions',
    body: (model, stream) => ({ model, stream, input: question }),
    // What is withheld is told of by `errors`, which the package knows of in whole answers only.
    streamed: models.filter((model) => !['refusal', 'filtered'].includes(model)),
    whole: 'SentInteraction',
    event: 'Interactions.InteractionSSEEvent',
  },
  {
    name: 'Interactions of old',
    path: () => '/v1beta/interactions',
    header: { 'api-revision': '2026-01-01' },
    body: (model, stream) => ({ model, stream, input: question }),
    // An answer that is incomplete had no word of its own then.
    models: models.filter((model) => !['refusal', 'filtered', 'length'].includes(model)),
    whole: 'OldInteractions.Interaction',
    event: 'OldInteractions.InteractionSSEEvent',
  },
];

const declarations = `
import type { ChatCompletion, ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ErrorObject } from 'openai/resources/shared';
import type { Message, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import type { ErrorResponse } from '@anthropic-ai/sdk/resources/shared';
import type { GenerateContentResponse, Interactions } from '@google/genai';
import type { Interactions as OldInteractions } from 'google-genai-1';

// As JSON has it: enumerations are their strings, and what the packages compute is not there.
type Generated = Omit<GenerateContentResponse, 'text' | 'data' | 'functionCalls' | 'executableCode'
  | 'codeExecutionResult' | 'initialPromptTokenCount'>;
type Wire<T> = T extends string ? (string extends T ? string : \`\${T}\`)
  : T extends (infer Item)[] ? Wire<Item>[]
  : T extends Response ? Members<SentResponse>
  : T extends OldInteractions.Interaction ? Members<SentOldInteraction>
  : T extends { type: \`\${string}.delta\` } ? Members<T & { obfuscation?: string }>
  : T extends object ? Members<T>
  : T;
type Members<T> = { [Name in keyof T]: Wire<T[Name]> };

// Where more is sent than is declared. OpenAI sends a null for what there is not, as its reference
// shows, and noise in the deltas; Google says what kind of object an interaction is.
interface SentResponse extends Omit<Response, 'output_text' | 'usage' | 'user'> {
  usage: Response['usage'] | null;
  user: string | null;
  store: boolean;
}
type SentInteraction = Omit<Interactions.Interaction, 'output_text'> & { object: 'interaction' };
type SentOldInteraction = OldInteractions.Interaction & { object: 'interaction' };
`;

async function ask(format, model, stream) {
  const response = await fetch(url + format.path(model, stream), {
    method: 'POST',
    headers: {
      'authorization': `Bearer ${key}`, 'content-type': 'application/json',
      'anthropic-version': '2026-10-21', ...format.header,
    },
    body: JSON.stringify(format.body(model, stream)),
  });
  const text = await response.text();
  const failing = { nobody: 404 }[model] ?? Number(model.split('status-')[1] ?? 200);
  assert.equal(response.status, failing, `${format.name}, ${model}: ${text}`);
  if (!stream) return [text];
  const events = text.split('\n').filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim()).filter((data) => data !== '[DONE]');
  assert.ok(events.length > 0);
  return events;
}

/** A file that says of these bodies that they are of this type, each on a line of its own. */
function write(file, type, bodies) {
  const lines = [...new Set(bodies)].map((json) => `${JSON.parse(json) && json},`);
  const source = `${declarations}export const all: Wire<${type}>[] = [\n${lines.join('\n')}\n];\n`;
  writeFileSync(file, source);
  return source.split('\n');
}

/** What the compiler has against the files, each with the lines that it is about. */
function compile(files) {
  const { stdout, stderr } = spawnSync(process.execPath, [
    'node_modules/typescript/bin/tsc', '--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck',
    '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2023', '--types', 'node',
    '--pretty', 'false', ...files.keys(),
  ], { encoding: 'utf8' });
  const complaints = new Map([...files.keys()].map((file) => [file, []]));
  for (const line of `${stdout}${stderr}`.split('\n').filter(Boolean)) {
    const [, file, number] = line.match(/^(\S+\.ts)\((\d+),\d+\): error/) ?? [];
    // What is about no line of ours goes on with what was before, or is a failure of its own.
    if (file) complaints.get(file).push(line, files.get(file)[number - 1]);
    else if (!line.startsWith(' ')) throw new Error(`${stdout}${stderr}`);
  }
  return complaints;
}

const kinds = (format) => [
  ['whole answers', format.whole, format.models ?? models, false],
  ['events', format.event, format.streamed ?? format.models ?? models, true],
  ['errors', format.error, ['status-400', 'status-429', 'status-500', 'nobody'], false],
].filter(([, type]) => type);
const fileOf = (format, kind) => `wire_types_${`${format.name} ${kind}`.replace(/\W+/g, '_')}.ts`;

const files = new Map(await Promise.all(formats.flatMap((format) =>
  kinds(format).map(async ([kind, type, asked, stream]) => {
    const bodies = await Promise.all(asked.map((model) => ask(format, model, stream)));
    return [fileOf(format, kind), write(fileOf(format, kind), type, bodies.flat())];
  }))));
const complaints = compile(files);

for (const format of formats) {
  for (const [kind] of kinds(format)) {
    test(`${format.name}: ${kind}`, () => {
      const wrong = complaints.get(fileOf(format, kind));
      assert.equal(wrong.length, 0, wrong.join('\n'));
    });
  }
}
