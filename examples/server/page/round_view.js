// Shows a round: a column for each seat, then the answer or the votes.
import { copyButton, element, setText } from './dom.js';
import { consolidated, isOver, tokensOf, votesOf } from './round.js';
import { TextView, dollars, nameParts, seconds, tokens, visible, visibleName } from './text.js';

const seatWords = {
  waiting: 'Waiting',
  thinking: 'Thinking',
  answering: 'Answering',
  retrying: 'Asking again',
  done: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
};

/** A model's name, the part that says who serves it held back. */
export function modelName(name) {
  const { provider, model } = nameParts(visibleName(name));
  return element(
    'bdi',
    { class: 'model-name' },
    element('span', { class: 'provider' }, provider),
    model,
  );
}

/** Follows what is added at a box's end, unless the reader has scrolled away from it. */
function followEnd(box, change) {
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
  change();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

class SeatView {
  #seat;
  #at;
  #state = element('span', { class: 'state' });
  #retries = element('ul', { class: 'retries', 'aria-label': 'Failed attempts' });
  #error = element('p', { class: 'seat-error', dir: 'auto' });
  #schema = element('p', { class: 'seat-error', dir: 'auto' });
  #body;
  #text;
  #facts = {};
  box;

  constructor(seat, index) {
    const name = visibleName(seat.model);
    this.#body = element('div', {
      class: 'answer',
      tabIndex: 0,
      role: 'group',
      'aria-label': `Answer of ${name}`,
    });
    this.#text = new TextView(this.#body);
    const fact = (key, label) => {
      this.#facts[key] = element('dd');
      return element('div', {}, element('dt', {}, label), this.#facts[key]);
    };
    this.box = element(
      'article',
      { class: 'seat', 'aria-label': `Seat ${index + 1}, ${name}` },
      element(
        'header',
        {},
        element('h3', {}, modelName(seat.model)),
        this.#state,
        copyButton(`the answer of ${name}`, () => this.#seat.answer.text),
      ),
      this.#retries,
      this.#error,
      this.#body,
      this.#schema,
      element(
        'footer',
        {},
        element(
          'dl',
          {},
          fact('time', 'Time'),
          fact('first', 'First word'),
          fact('tokens', 'Tokens'),
          fact('cost', 'Cost'),
        ),
      ),
    );
    this.box.dataset.hue = index % 8;
    this.update(seat);
  }

  update(seat) {
    this.#seat = seat;
    this.box.dataset.state = seat.state;
    setText(this.#state, seatWords[seat.state] ?? seat.state);
    while (this.#retries.children.length < seat.retries.length) {
      const why = seat.retries[this.#retries.children.length];
      this.#retries.append(element('li', { dir: 'auto' }, visible(why || 'An attempt failed.')));
    }
    this.#retries.hidden = seat.retries.length === 0;
    this.#error.hidden = seat.state !== 'failed';
    setText(this.#error, visible(seat.error));
    const invalid = seat.result?.schema_valid === false;
    this.#schema.hidden = !invalid;
    setText(
      this.#schema,
      invalid ? `Not as asked for: ${visible(seat.result.schema_error ?? '')}` : '',
    );
    this.#body.hidden = seat.answer.text === '' && isOver(seat.state);
    followEnd(this.#body, () => this.#text.show(seat.answer, isOver(seat.state)));
    const { result } = seat;
    this.#at = seat.startedAt;
    setText(
      this.#facts.first,
      seat.firstTokenAt ? seconds(seat.firstTokenAt - seat.startedAt) : '–',
    );
    setText(this.#facts.tokens, tokens(result?.usage) || '–');
    setText(this.#facts.cost, dollars(result?.cost) || '–');
    if (isOver(seat.state)) setText(this.#facts.time, seconds(result?.duration_ms) || '–');
    else this.tick(Date.now());
  }

  /** Moves the clock of a seat that is at work. */
  tick(now) {
    if (isOver(this.#seat.state)) return;
    setText(this.#facts.time, this.#at ? seconds(now - this.#at) : '–');
  }
}

/** The votes as a chart: a bar for each choice, and who stands behind it. */
export function voteChart(round) {
  const most = Math.max(1, round.seats.length);
  return element(
    'ol',
    { class: 'votes' },
    ...votesOf(round).map(({ choice, voters, won }) => {
      const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
      for (const index of voters) {
        const part = element('span', { class: 'ballot' });
        part.dataset.hue = index % 8;
        part.style.width = `${100 / most}%`;
        bar.append(part);
      }
      const names = voters.map((index) => nameParts(visibleName(round.seats[index].model)).model);
      return element(
        'li',
        { class: won ? 'won' : '' },
        element('bdi', { class: 'choice' }, visibleName(choice)),
        bar,
        element(
          'span',
          { class: 'count' },
          `${voters.length} ${voters.length === 1 ? 'vote' : 'votes'}`,
          won ? element('strong', { class: 'badge' }, 'chosen') : null,
        ),
        element('bdi', { class: 'voters' }, names.join(', ')),
      );
    }),
  );
}

const titles = { summary: 'The answer', multiple_choice: 'The vote', fast: 'Side by side' };

/** What stands under the answer's title: who merged it, or why there is none. */
function verdict(round) {
  const { resolution = 'summary' } = round.request;
  const answered = round.seats.filter(({ state }) => state === 'done').length;
  if (round.state === 'stopped') return round.error || 'You stopped this round.';
  if (round.state === 'failed') return round.error;
  if (resolution === 'multiple_choice') {
    return round.state === 'done' && !round.data ? 'No model made a valid choice.' : '';
  }
  if (round.state !== 'done') {
    if (!round.summary) return '';
    const again = round.summary.state === 'retrying' ? ', once more' : '';
    return `${visibleName(round.summary.model)} is merging the answers${again}.`;
  }
  if (resolution === 'fast') return `${answered} of ${round.seats.length} models answered.`;
  const { summary_error, summary_model } = round.meta;
  if (summary_error) return `The answers could not be merged: ${visible(summary_error)}`;
  if (!round.data) return 'No model answered.';
  if (summary_model) return `Merged by ${visibleName(summary_model)} from ${answered} answers.`;
  return 'The only answer there was, so nothing had to be merged.';
}

function totals(round) {
  if (!round.meta) return [];
  const { total_duration_ms, total_cost, cost_complete } = round.meta;
  const cost = dollars(total_cost) + (cost_complete === false ? ' at least' : '');
  return [
    ['Time', seconds(total_duration_ms)],
    ['Tokens', tokens(tokensOf(round))],
    ['Cost', cost],
    ['Id', round.id],
  ].filter(([, value]) => value);
}

export class RoundView {
  #place;
  #seats;
  #grid;
  #verdict = element('p', { class: 'verdict', dir: 'auto' });
  #body = element('div', { class: 'answer whole', dir: 'auto' });
  #text = new TextView(this.#body);
  #votes = element('div');
  #totals = element('dl', { class: 'totals' });
  #card;
  #stop;
  #again;
  #round;

  /** `stop` is called when the reader has seen enough, `again` to ask the same once more. */
  constructor(place, round, { stop, again }) {
    this.#place = place;
    this.#round = round;
    const resolution = round.request.resolution ?? 'summary';
    this.#seats = round.seats.map((seat, index) => new SeatView(seat, index));
    this.#grid = element('div', { class: 'seats-grid' }, ...this.#seats.map(({ box }) => box));
    this.#grid.dataset.seats = round.seats.length;
    this.#card = element(
      'article',
      { class: 'card outcome', 'aria-label': titles[resolution] },
      element(
        'header',
        {},
        element('h2', {}, titles[resolution] ?? titles.summary),
        resolution === 'fast'
          ? null
          : copyButton('the answer', () => consolidated(this.#round)?.text ?? ''),
      ),
      this.#verdict,
      this.#votes,
      this.#body,
      this.#totals,
    );
    this.#stop = element('button', { type: 'button', class: 'stop', on: { click: stop } }, 'Stop');
    this.#again = element(
      'button',
      { type: 'button', class: 'quiet', on: { click: again } },
      'Ask again',
    );
    place.replaceChildren(
      element(
        'div',
        { class: 'asked' },
        element('p', { class: 'asked-text', dir: 'auto' }, visible(round.request.input)),
        this.#stop,
        this.#again,
      ),
      this.#grid,
      this.#card,
    );
    place.hidden = false;
    this.update();
  }

  /** Shows what has changed in the round: in a seat, or if none is given in all of it. */
  update(seat) {
    const round = this.#round;
    this.#place.setAttribute('aria-busy', String(!isOver(round.state)));
    const leaving = isOver(round.state) && document.activeElement === this.#stop;
    this.#stop.hidden = isOver(round.state);
    this.#again.hidden = !isOver(round.state);
    if (leaving) this.#again.focus(); // it takes the other's place
    if (seat === undefined) round.seats.forEach((each, index) => this.#seats[index].update(each));
    else this.#seats[seat]?.update(round.seats[seat]);
    this.#updateOutcome();
  }

  #updateOutcome() {
    const round = this.#round;
    const voting = round.request.resolution === 'multiple_choice';
    const answer = voting ? null : consolidated(round);
    this.#card.dataset.state = round.state;
    setText(this.#verdict, verdict(round));
    this.#verdict.hidden = this.#verdict.textContent === '';
    if (voting) {
      const chart = voteChart(round);
      if (chart.textContent !== this.#votes.textContent) this.#votes.replaceChildren(chart);
    }
    this.#body.hidden = answer === null;
    if (answer) this.#text.show(answer, isOver(round.state));
    this.#totals.replaceChildren(
      ...totals(round).map(([name, value]) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value)),
      ),
    );
    const merging = round.summary !== null || isOver(round.state);
    this.#card.hidden = !(voting || merging);
  }

  focusStop() {
    this.#stop.focus({ preventScroll: true });
  }

  tick(now) {
    for (const seat of this.#seats) seat.tick(now);
  }
}
