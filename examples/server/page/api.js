// The server, as the page calls it.
import { eventsOf } from './sse.js';

const storedKey = 'conclave.key';

/** The key for the server: kept for this tab only, and only in memory where there is no storage. */
export const access = {
  key: '',
  load() {
    try {
      this.key = sessionStorage.getItem(storedKey) ?? '';
    } catch {
      this.key = '';
    }
  },
  use(key) {
    this.key = key;
    try {
      if (key) sessionStorage.setItem(storedKey, key);
      else sessionStorage.removeItem(storedKey);
    } catch {
      // memory it is
    }
  },
};

/** What a server answered instead of what was asked for. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const usualWords = {
  401: 'The server does not accept this key.',
  413: 'This is more than the server takes at once.',
  429: 'Too much at once.',
  502: 'The models behind the server could not be reached.',
  503: 'The server is busy or about to end.',
};

async function refusal(response) {
  const body = await response.json().catch(() => null);
  const error = body?.error;
  let message = (typeof error === 'string' ? error : error?.message) || usualWords[response.status];
  message ||= `The server answered ${response.status}.`;
  const wait = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  if (wait > 0) message += ` Try again in ${wait} s.`;
  return new Refusal(response.status, message);
}

async function call(path, options = {}) {
  const headers = new Headers(options.headers);
  if (access.key) headers.set('Authorization', `Bearer ${access.key}`);
  const init = { ...options, headers, cache: 'no-store', redirect: 'error' };
  const response = await fetch(path, init).catch(() => {
    throw new Error('The server cannot be reached.');
  });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** The models that the server knows by name, and its panels with who sits on them. */
export async function listModels() {
  const { data } = await (await call('v3/models')).json();
  return {
    models: data.filter(({ models }) => !models).map(({ id }) => id),
    panels: data.filter(({ models }) => models),
  };
}

/** The frames of a round, until the stream ends as it should; throws if it does not. */
export async function* ask(request, signal) {
  const response = await call('v3/roundtable', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
    body: JSON.stringify({ ...request, stream: true }),
    signal,
  });
  for await (const { data } of eventsOf(response.body)) {
    if (data === '[DONE]') return;
    yield JSON.parse(data);
  }
  throw new Error('The connection broke before the panel was done.');
}
