// The page: asks a panel, shows the round as it comes in, and keeps it.
import { Refusal, access, ask, listModels } from './api.js';
import {
  checkSchema,
  fillRequest,
  growQuestion,
  offerPanels,
  readRequest,
  seatNames,
  setSeats,
  showResolution,
  suggest,
} from './form.js';
import { History } from './history.js';
import { PastList, comparison } from './past_view.js';
import { applyFrame, endRound, newRound } from './round.js';
import { RoundView } from './round_view.js';

const $ = (id) => document.getElementById(id);

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null; // switched off
  }
}

const history = new History(storage());
let running = null; // {round, stopper}
let shown = null; // {round, view}
let askAfterKey = false;

// ---- what is on the page

function announce(text) {
  $('announcement').textContent = text;
}

function showProblem(text) {
  $('problem').textContent = text;
  $('problem').hidden = text === '';
}

function showPast() {
  const rounds = running ? [running.round, ...history.rounds] : history.rounds;
  past.show(rounds, shown?.round.key);
  $('past-empty').hidden = rounds.length > 0;
  $('clear-history').hidden = history.rounds.length === 0;
}

function closeComparison() {
  $('comparison').hidden = true;
  $('comparison').replaceChildren();
  $('round').hidden = shown === null;
}

function show(round) {
  closeComparison();
  const again = () => {
    fillRequest(round.request);
    $('question').focus();
    window.scrollTo({ top: 0 });
  };
  shown = { round, view: new RoundView($('round'), round, { stop, again }) };
  showPast();
}

const past = new PastList($('past'), $('compare'), {
  open(key) {
    const round = running?.round.key === key ? running.round : history.find(key);
    if (!round) return showPast(); // another tab removed it
    show(round);
    $('round').scrollIntoView({ block: 'start' });
    $('round').querySelector('button:not([hidden])').focus({ preventScroll: true });
  },
  remove(key) {
    history.remove(key);
    showPast();
    ($('past').querySelector('button.open') ?? $('question')).focus();
  },
  compare(keys) {
    const rounds = history.rounds.filter(({ key }) => keys.includes(key)).reverse();
    if (rounds.length < 2) return showPast();
    $('comparison').replaceChildren(...comparison(rounds, closeComparison));
    $('comparison').hidden = false;
    $('round').hidden = true;
    $('comparison-title').focus();
    $('comparison').scrollIntoView({ block: 'start' });
  },
});

// ---- a round

// What frames change is shown once for each picture that the browser paints.
const changed = new Set();
let painting = 0;

function paint() {
  painting = 0;
  if (running && shown?.round === running.round)
    for (const seat of changed) shown.view.update(seat);
  changed.clear();
}

function showSoon(seat) {
  changed.add(seat);
  painting ||= requestAnimationFrame(paint);
}

setInterval(() => {
  if (running && shown?.round === running.round) shown.view.tick(Date.now());
}, 100);

function showRunning() {
  $('submit').disabled = running !== null;
  $('submit').textContent = running ? 'Asking…' : 'Ask the panel';
}

function conclusion({ state, seats, error }) {
  if (state === 'stopped') return 'Stopped.';
  if (state === 'failed') return `The round failed: ${error}`;
  const failed = seats.filter((seat) => seat.state === 'failed').length;
  return `The panel is done.${failed ? ` ${failed} of ${seats.length} models failed.` : ''}`;
}

function end(round) {
  running = null;
  showRunning();
  if (shown?.round === round) shown.view.update();
  history.keep(round);
  showPast();
  announce(conclusion(round));
}

/** Takes the frames of a round in until it is over. */
async function follow(round, stopper) {
  try {
    for await (const frame of ask(round.request, stopper.signal)) {
      applyFrame(round, frame, Date.now());
      showSoon(frame.model_index);
    }
    endRound(round, 'failed', 'The server ended the round without a result.');
  } catch (error) {
    if (stopper.signal.aborted) endRound(round, 'stopped');
    else if (error instanceof Refusal) throw error;
    else endRound(round, 'failed', error.message);
  }
}

/** A refused question is no round: it goes, and the reason is shown. */
function refused(error) {
  running = null;
  showRunning();
  shown = null;
  $('round').hidden = true;
  showPast();
  if (error.status !== 401) return showProblem(error.message);
  askAfterKey = true;
  showKeyForm(access.key ? error.message : '');
}

async function start() {
  showProblem('');
  checkSchema();
  if (running || !$('ask').reportValidity()) return;
  if (seatNames().length === 0) {
    showProblem('Name at least one model for the panel.');
    $('add-seat').click();
    return;
  }
  const round = newRound(readRequest(), Date.now());
  const stopper = new AbortController();
  running = { round, stopper };
  const pressed = document.activeElement === $('submit');
  showRunning();
  show(round);
  if (pressed) shown.view.focusStop(); // a button that is disabled loses the focus
  announce(`Asking ${round.seats.length} models.`);
  const { top } = $('round').getBoundingClientRect();
  if (top > window.innerHeight * 0.6) $('round').scrollIntoView({ block: 'start' });
  try {
    await follow(round, stopper);
  } catch (error) {
    refused(error);
    return;
  }
  end(round);
}

function stop() {
  running?.stopper.abort();
}

// ---- the key, the models, the colours

function showKeyForm(problem = '') {
  showProblem(problem);
  $('key-form').hidden = false;
  $('key').focus();
}

async function loadModels() {
  $('forget-key').hidden = access.key === '';
  try {
    const { models, panels } = await listModels();
    suggest(models);
    offerPanels(panels);
    if (seatNames().length === 0) setSeats(panels[0]?.models ?? models.slice(0, 3));
  } catch (error) {
    if (error.status === 401) showKeyForm(access.key ? error.message : '');
    // otherwise there is nothing to suggest, and names can be typed
  }
}

$('key-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  access.use($('key').value.trim());
  $('key').value = '';
  $('key-form').hidden = true;
  showProblem('');
  await loadModels();
  if (!$('key-form').hidden) return;
  $('question').focus();
  if (askAfterKey) start();
  askAfterKey = false;
});

$('forget-key').addEventListener('click', () => {
  access.use('');
  $('forget-key').hidden = true;
  loadModels();
});

$('theme').addEventListener('change', () => {
  const theme = $('theme').value;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try {
    localStorage.setItem('conclave.theme', theme);
  } catch {
    // it holds until the page is left
  }
});

// ---- the form

$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
$('ask').addEventListener('change', showResolution);
$('schema').addEventListener('input', checkSchema);
$('question').addEventListener('input', growQuestion);
$('clear-history').addEventListener('click', () => {
  if (!window.confirm('Remove all past rounds from this browser?')) return;
  history.clear();
  showPast();
  $('question').focus();
});

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') stop();
  if (
    event.key === 'Enter' &&
    (event.ctrlKey || event.metaKey) &&
    $('ask').contains(event.target)
  ) {
    event.preventDefault();
    start();
  }
});

// A round that is under way when the page is left is kept as far as it came.
window.addEventListener('pagehide', () => {
  if (!running) return;
  const { round, stopper } = running;
  endRound(round, 'stopped', 'The page was left before this round was over.');
  stopper.abort();
  history.keep(round);
});
window.addEventListener('storage', () => {
  history.reload();
  showPast();
});

access.load();
setSeats([]);
$('theme').value = document.documentElement.dataset.theme ?? '';
if (history.rounds.length > 0) {
  fillRequest({ ...history.rounds[0].request, input: '' });
}
showResolution();
showPast();
loadModels();
