// The page's reader of event streams, without a browser.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EventReader, eventsOf } from '../../../examples/server/page/sse.js';

const bytesOf = (text) => new TextEncoder().encode(text);

function readIn(bytes, size) {
  const reader = new EventReader();
  const events = [];
  for (let at = 0; at < bytes.length; at += size)
    events.push(...reader.read(bytes.subarray(at, at + size)));
  return events;
}

const datas = (events) => events.map(({ data }) => data);

test('an event is the same however its bytes are cut, and whatever ends its lines', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = [
      '\uFEFFdata: {"a":"ü😀漢"}',
      ': keep-alive',
      'data:second',
      '',
      'event: x',
      'data: [DONE]',
      '',
      'data: cut off',
    ].join(end);
    for (let size = 1; size <= 40; ++size) {
      const events = readIn(bytesOf(text), size);
      assert.deepEqual(events, [
        { name: '', data: '{"a":"ü😀漢"}\nsecond' },
        { name: 'x', data: '[DONE]' },
      ]);
    }
  }
});

test('line ends of other kinds are none', () => {
  assert.deepEqual(datas(readIn(bytesOf('data: a\u2028b\u0085c\v\n\n'), 3)), ['a\u2028b\u0085c\v']);
});

test('bytes that are no text become replacement characters and nothing worse', () => {
  assert.deepEqual(datas(readIn(Uint8Array.from([...bytesOf('data: '), 0xff, 0xc3, 10, 10]), 1)), [
    '\ufffd\ufffd',
  ]);
});

test('an event of 8 MiB in pieces is read in linear time', () => {
  const event = bytesOf(`data: ${'x'.repeat(8 * 1024 * 1024)}\n\n`);
  const began = performance.now();
  assert.equal(readIn(event, 4096)[0].data.length, 8 * 1024 * 1024);
  assert.ok(performance.now() - began < 10_000);
});

test('an event without end is refused, in one line or in many', () => {
  const line = bytesOf(`data: ${'x'.repeat(1024 * 1024)}`);
  const whole = bytesOf(`data: ${'x'.repeat(1024 * 1024)}\n: comment\n`);
  for (const piece of [line, whole]) {
    const reader = new EventReader();
    assert.throws(() => {
      for (let i = 0; i < 20; ++i) for (const event of reader.read(piece)) assert.fail(event.data);
    }, /too long/);
  }
});

test('comments without end are no event, and no reason to stop', () => {
  const reader = new EventReader();
  const comments = bytesOf(`: ${'x'.repeat(100_000)}\n`.repeat(10));
  for (let i = 0; i < 40; ++i) assert.deepEqual([...reader.read(comments)], []);
  assert.deepEqual(datas([...reader.read(bytesOf('data: 1\n\n'))]), ['1']);
});

test('who stops reading cancels the stream, and a stream that breaks says so', async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(bytesOf('data: 1\n\n')),
    cancel: () => (cancelled = true),
  });
  for await (const { data } of eventsOf(endless)) {
    assert.equal(data, '1');
    break;
  }
  assert.ok(cancelled);

  const broken = new ReadableStream({
    start: (controller) => controller.error(new TypeError('reset')),
  });
  await assert.rejects(eventsOf(broken).next(), /connection broke/);
});

const vectors = `${process.env.CONCLAVE_SUITES ?? ''}/sse-vectors/sse-vectors.json`;
test(
  'the public event streams read as they should',
  { skip: !existsSync(vectors) && 'CONCLAVE_SUITES is not set' },
  () => {
    let compared = 0;
    for (const { name, chunks_b64, expect } of JSON.parse(readFileSync(vectors, 'utf8')).cases) {
      const bytes = Buffer.concat(chunks_b64.map((chunk) => Buffer.from(chunk, 'base64')));
      for (const size of [1, 2, 7, bytes.length || 1]) {
        const events = readIn(bytes, size).map(({ name: type, data }) => ({
          type: type || 'message',
          data,
        }));
        assert.deepEqual(
          events,
          expect.events.map(({ type, data }) => ({ type, data })),
          name,
        );
      }
      ++compared;
    }
    assert.ok(compared > 50);
  },
);
