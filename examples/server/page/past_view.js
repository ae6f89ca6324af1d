// The list of past rounds, and several of them beside each other.
import { element } from './dom.js';
import { consolidated, tokensOf } from './round.js';
import { modelName, voteChart } from './round_view.js';
import { TextView, dollars, seconds, tokens, visible, visibleName } from './text.js';

/** So many rounds can be compared. */
const mostCompared = 4;

const resolutions = { summary: 'merged', multiple_choice: 'vote', fast: 'side by side' };
const states = { failed: 'failed', stopped: 'stopped', running: 'running' };

const dayAndTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

function facts(round) {
  return [
    states[round.state],
    resolutions[round.request.resolution ?? 'summary'],
    `${round.seats.length} ${round.seats.length === 1 ? 'model' : 'models'}`,
    dollars(round.meta?.total_cost),
    seconds(round.meta?.total_duration_ms),
  ].filter(Boolean);
}

/** A short form of what was asked, for lists and labels. */
export function excerpt(round) {
  const text = visible(round.request.input).replace(/\s+/g, ' ').trim();
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}

export class PastList {
  #list;
  #compare;
  #chosen = new Set();
  #on;

  /** `on` has what to do: `open(key)`, `remove(key)`, `compare(keys)`. */
  constructor(list, compare, on) {
    this.#list = list;
    this.#compare = compare;
    this.#on = on;
    compare.addEventListener('click', () => on.compare([...this.#chosen]));
  }

  show(rounds, openKey) {
    const keys = new Set(rounds.map(({ key }) => key));
    for (const key of this.#chosen) if (!keys.has(key)) this.#chosen.delete(key);
    this.#list.replaceChildren(...rounds.map((round) => this.#item(round, round.key === openKey)));
    this.#compare.hidden = rounds.length < 2;
    this.#updateCompare();
  }

  #item(round, isOpen) {
    const { key } = round;
    const tick = element('input', {
      type: 'checkbox',
      checked: this.#chosen.has(key),
      'aria-label': `Compare “${excerpt(round)}”`,
    });
    tick.addEventListener('change', () => {
      if (tick.checked) this.#chosen.add(key);
      else this.#chosen.delete(key);
      this.#updateCompare();
    });
    const open = element(
      'button',
      { type: 'button', class: 'open', on: { click: () => this.#on.open(key) } },
      element('bdi', { class: 'past-question' }, excerpt(round)),
      element('span', { class: 'past-facts' }, facts(round).join(' · ')),
    );
    if (isOpen) open.setAttribute('aria-current', 'true');
    const remove = element(
      'button',
      {
        type: 'button',
        class: 'quiet remove',
        'aria-label': `Remove “${excerpt(round)}”`,
        on: { click: () => this.#on.remove(key) },
      },
      '×',
    );
    const item = element('li', {}, tick, open, remove);
    item.dataset.key = key;
    item.dataset.state = round.state;
    return item;
  }

  #updateCompare() {
    const count = this.#chosen.size;
    this.#compare.disabled = count < 2 || count > mostCompared;
    this.#compare.textContent =
      count < 2
        ? 'Tick two to compare'
        : count > mostCompared
          ? `At most ${mostCompared}`
          : `Compare ${count}`;
  }
}

function text(answer) {
  const box = element('div', { class: 'answer compared' });
  new TextView(box).show(answer);
  return box;
}

function outcome(round) {
  if (round.request.resolution === 'multiple_choice') return voteChart(round);
  const answer = consolidated(round);
  return answer ? text(answer) : '–';
}

function seatCell(round, index) {
  const seat = round.seats[index];
  if (!seat) return element('td', {}, '–');
  const { duration_ms, cost } = seat.result ?? {};
  const line = [seconds(duration_ms), dollars(cost)].filter(Boolean).join(' · ');
  return element(
    'td',
    {},
    element(
      'p',
      { class: 'compared-seat' },
      modelName(seat.model),
      ' ',
      element('span', { class: 'help' }, line),
    ),
    seat.error ? element('p', { class: 'seat-error', dir: 'auto' }, visible(seat.error)) : null,
    text(seat.answer),
  );
}

/** A table with a column for each round. */
export function comparison(rounds, close) {
  const row = (title, cell) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, title),
      ...rounds.map((round) => element('td', { dir: 'auto' }, cell(round) || '–')),
    );
  const seats = Math.max(...rounds.map((round) => round.seats.length));
  return [
    element(
      'header',
      {},
      element('h2', { id: 'comparison-title', tabIndex: -1 }, `${rounds.length} rounds compared`),
      element('button', { type: 'button', class: 'quiet', on: { click: close } }, 'Close'),
    ),
    element(
      'div',
      { class: 'scroller', tabIndex: 0, role: 'group', 'aria-label': 'Comparison' },
      element(
        'table',
        {},
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('td'),
            ...rounds.map((round) => element('th', { scope: 'col', dir: 'auto' }, excerpt(round))),
          ),
        ),
        element(
          'tbody',
          {},
          row('Asked', ({ askedAt }) => dayAndTime.format(askedAt)),
          row('Panel', ({ seats: all }) => all.map(({ model }) => visibleName(model)).join(', ')),
          row('Resolution', ({ request }) => resolutions[request.resolution ?? 'summary']),
          row('Time', ({ meta }) => seconds(meta?.total_duration_ms)),
          row('Tokens', (round) => tokens(tokensOf(round))),
          row('Cost', ({ meta }) => dollars(meta?.total_cost)),
          row('Outcome', outcome),
          ...Array.from({ length: seats }, (_, index) =>
            element(
              'tr',
              {},
              element('th', { scope: 'row' }, `Seat ${index + 1}`),
              ...rounds.map((round) => seatCell(round, index)),
            ),
          ),
        ),
      ),
    ),
  ];
}
