// The past rounds of this browser, newest first, in its local storage: bounded in number and in
// size, and only in memory where there is no storage.

const key = 'conclave.rounds';
const mostRounds = 50;
const mostCharacters = 2_000_000; // browsers give a site some 5 million
const longestText = 40_000;

function shortened(answer) {
  if (!answer || answer.text.length <= longestText) return answer;
  return { ...answer, text: answer.text.slice(0, longestText), cut: true };
}

/** The round as it is kept: long texts cut. */
export function keptRound(round) {
  return {
    ...round,
    seats: round.seats.map((seat) => ({ ...seat, answer: shortened(seat.answer) })),
    summary: round.summary && { ...round.summary, answer: shortened(round.summary.answer) },
    data: shortened(round.data),
  };
}

const looksRight = (round) =>
  typeof round?.key === 'string' &&
  typeof round.askedAt === 'number' &&
  typeof round.request?.input === 'string' &&
  Array.isArray(round.request.models) &&
  Array.isArray(round.seats) &&
  round.seats.every((seat) => typeof seat?.answer?.text === 'string');

export class History {
  #storage;
  #rounds = [];

  /** `storage` is what the browser calls localStorage, or null. */
  constructor(storage) {
    this.#storage = storage;
    this.reload();
  }

  get rounds() {
    return this.#rounds;
  }

  find(roundKey) {
    return this.#rounds.find((round) => round.key === roundKey);
  }

  /** Reads again what is stored; another tab may have written it. */
  reload() {
    if (!this.#storage) return;
    try {
      const rounds = JSON.parse(this.#storage.getItem(key) ?? '[]');
      this.#rounds = Array.isArray(rounds) ? rounds.filter(looksRight) : [];
    } catch {
      this.#rounds = []; // something else's, or damaged
    }
  }

  /** Keeps a round, in place of an earlier state of it; the oldest go when there are too many. */
  keep(round) {
    this.reload();
    const others = this.#rounds.filter((other) => other.key !== round.key);
    this.#rounds = [keptRound(round), ...others].sort((a, b) => b.askedAt - a.askedAt);
    this.#rounds.length = Math.min(this.#rounds.length, mostRounds);
    this.#store();
  }

  remove(roundKey) {
    this.reload();
    this.#rounds = this.#rounds.filter((round) => round.key !== roundKey);
    this.#store();
  }

  clear() {
    this.#rounds = [];
    this.#store();
  }

  #store() {
    if (!this.#storage) return;
    for (; ; this.#rounds.pop()) {
      const text = JSON.stringify(this.#rounds);
      if (text.length > mostCharacters && this.#rounds.length > 1) continue;
      try {
        this.#storage.setItem(key, text);
        return;
      } catch {
        if (this.#rounds.length <= 1) return; // full of other things: it stays in memory
      }
    }
  }
}
