// Reads server-sent events from bytes as they come, cut anywhere.

/** No event may be longer, in UTF-16 code units. */
const longestEvent = 16 * 1024 * 1024;

export class EventReader {
  #decoder = new TextDecoder(); // takes a byte order mark away, and waits for split characters
  #line = []; // the pieces of a line whose end has not come
  #data = [];
  #name = '';
  #size = 0;
  #afterReturn = false; // a line feed that comes next belongs to the line end before it

  /** Gives the events, `{name, data}`, that are complete with these bytes. */
  *read(bytes) {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return;
    let start = this.#afterReturn && text.startsWith('\n') ? 1 : 0;
    this.#afterReturn = text.endsWith('\r');
    const ends = /\r\n?|\n/g;
    ends.lastIndex = start;
    for (let end = ends.exec(text); end; end = ends.exec(text)) {
      this.#take(text.slice(start, end.index));
      start = ends.lastIndex;
      const line = this.#line.join('');
      this.#line = [];
      const event = this.#endOfLine(line);
      if (event) yield event;
    }
    if (start < text.length) this.#take(text.slice(start));
  }

  #take(piece) {
    this.#size += piece.length;
    if (this.#size > longestEvent) throw new Error('The server sent an event that is too long.');
    this.#line.push(piece);
  }

  #endOfLine(line) {
    if (line === '') {
      const event =
        this.#data.length > 0 ? { name: this.#name, data: this.#data.join('\n') } : null;
      this.#data = [];
      this.#name = '';
      this.#size = 0;
      return event;
    }
    const colon = line.indexOf(':');
    if (colon === 0) this.#size -= line.length; // a comment, which keeps the connection alive
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'data') this.#data.push(value);
    if (field === 'event') this.#name = value;
    return null;
  }
}

/** The events of a response's body, until it ends or the reader stops. */
export async function* eventsOf(body) {
  const reader = body.getReader();
  const events = new EventReader();
  try {
    while (true) {
      const { done, value } = await reader.read().catch(() => {
        throw new Error('The connection broke before the panel was done.');
      });
      if (done) return;
      yield* events.read(value);
    }
  } finally {
    reader.cancel().catch(() => {}); // a stream that failed has nothing left to cancel
  }
}
