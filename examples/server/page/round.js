// One round of a panel: what was asked, and what the frames of the stream have told of it so far.
// Plain data, so that it can be kept as JSON.

/** No seat's text may become longer, in UTF-16 code units; what is over it is left out. */
const longestText = 4 * 1024 * 1024;

const newText = () => ({ text: '', isJson: false, cut: false });

function append(answer, piece) {
  const room = longestText - answer.text.length;
  if (piece.length > room) answer.cut = true;
  answer.text += room >= piece.length ? piece : piece.slice(0, room);
}

function setText(answer, frame) {
  Object.assign(answer, newText(), { isJson: frame.data_is_json === true });
  append(answer, typeof frame.data === 'string' ? frame.data : JSON.stringify(frame.data ?? ''));
}

/** A round that is about to be asked at `now`, in milliseconds. */
export function newRound(request, now) {
  return {
    key: `${now.toString(36)}-${Math.random().toString(36).slice(2, 8)}`,
    askedAt: now,
    request,
    state: 'running', // then 'done', 'failed' or 'stopped'
    error: '',
    seats: request.models.map(({ name }) => ({
      model: name,
      state: 'waiting', // 'thinking', 'answering', 'retrying'; then 'done', 'failed' or 'stopped'
      startedAt: null,
      firstTokenAt: null,
      retries: [],
      error: '',
      answer: newText(),
      result: null,
    })),
    summary: null,
    data: null,
    meta: null,
    id: '',
  };
}

export const isOver = (state) => state === 'done' || state === 'failed' || state === 'stopped';

function seatResult(frame) {
  const { duration_ms, cost, usage, schema_valid, schema_error, attempts, finish_reason, notes } =
    frame;
  return { duration_ms, cost, usage, schema_valid, schema_error, attempts, finish_reason, notes };
}

function endSeat(seat, frame) {
  seat.state = frame.error == null ? 'done' : 'failed';
  seat.error = frame.error ?? '';
  seat.result = seatResult(frame);
  if (seat.state === 'done' || frame.data) setText(seat.answer, frame);
}

const seatFrames = {
  model_start(seat, frame, now) {
    seat.state = 'thinking';
    seat.startedAt = now;
  },
  model_delta(seat, frame, now) {
    seat.state = 'answering';
    seat.firstTokenAt ??= now;
    append(seat.answer, frame.delta ?? '');
  },
  model_retry(seat, frame) {
    seat.state = 'retrying';
    seat.answer = newText();
    seat.firstTokenAt = null;
    if (seat.retries.length < 10) seat.retries.push(frame.error ?? '');
  },
  model_done: endSeat,
  model_error(seat, frame) {
    endSeat(seat, { ...frame, error: frame.error ?? 'The model failed.' });
  },
};

const newSummary = (model) => ({ state: 'thinking', model, retries: [], answer: newText() });

const wholeFrames = {
  summary_start(round, frame) {
    round.summary = newSummary(frame.model ?? '');
  },
  summary_delta(round, frame) {
    round.summary ??= newSummary(frame.model ?? '');
    round.summary.state = 'answering';
    append(round.summary.answer, frame.delta ?? '');
  },
  summary_retry(round, frame) {
    round.summary ??= newSummary('');
    Object.assign(round.summary, { state: 'retrying', answer: newText() });
    if (frame.model) round.summary.model = frame.model;
    if (round.summary.retries.length < 10) round.summary.retries.push(frame.error ?? '');
  },
  summary_done(round, frame) {
    round.summary ??= newSummary(frame.model ?? '');
    round.summary.state = 'done';
    setText(round.summary.answer, frame);
  },
  done(round, frame) {
    for (const result of frame.model_results ?? []) {
      if (round.seats[result.index]) endSeat(round.seats[result.index], result);
    }
    round.id = frame.id ?? '';
    round.meta = frame.meta ?? {};
    if (frame.data != null) setText((round.data = newText()), frame);
    if (round.summary && round.summary.state !== 'done') round.summary.state = 'failed';
    round.state = 'done';
  },
  error(round, frame) {
    const { error } = frame;
    endRound(round, 'failed', typeof error === 'string' ? error : (error?.message ?? 'It failed.'));
  },
};

/** Takes a frame of the stream in. Frames of types that are not known change nothing. */
export function applyFrame(round, frame, now) {
  if (isOver(round.state)) return;
  if (Object.hasOwn(seatFrames, frame.type)) {
    const seat = round.seats[frame.model_index];
    if (seat && !isOver(seat.state)) seatFrames[frame.type](seat, frame, now);
  } else if (Object.hasOwn(wholeFrames, frame.type)) {
    wholeFrames[frame.type](round, frame);
  }
}

/** Ends a round that no final frame ended: 'stopped' by the user, or 'failed' for a reason. */
export function endRound(round, state, error = '') {
  if (isOver(round.state)) return;
  round.state = state;
  round.error = error;
  for (const seat of round.seats) if (!isOver(seat.state)) seat.state = 'stopped';
  if (round.summary && !isOver(round.summary.state)) round.summary.state = 'stopped';
}

/** What a round has to show as its one answer, or null. */
export function consolidated(round) {
  if (round.data) return round.data;
  return round.summary && round.summary.answer.text !== '' ? round.summary.answer : null;
}

/** The choices with who voted for each, those with most votes first; whatever is known so far. */
export function votesOf(round) {
  const votes = (round.request.choices ?? []).map((choice) => ({ choice, voters: [] }));
  round.seats.forEach((seat, index) => {
    if (seat.state !== 'done' || seat.result?.schema_valid === false) return;
    votes.find(({ choice }) => choice === seat.answer.text)?.voters.push(index);
  });
  const winner = round.data?.text;
  const rank = (vote) => vote.voters.length + (vote.choice === winner ? 0.5 : 0);
  return votes
    .sort((a, b) => rank(b) - rank(a))
    .map((vote) => ({ ...vote, won: vote.choice === winner }));
}

/** Tokens in and out of all seats and the consolidation, as far as they are known. */
export function tokensOf(round) {
  const all = [...round.seats.map((seat) => seat.result?.usage), round.meta?.summary_usage];
  const known = all.filter((usage) => usage != null);
  if (known.length === 0) return null;
  const sum = (field) => known.reduce((total, usage) => total + (usage[field] ?? 0), 0);
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens') };
}
