// The form: what is asked, of whom, and how.
import { element } from './dom.js';
import { visibleName } from './text.js';

const $ = (id) => document.getElementById(id);

/** No panel of the page has more seats. */
const mostSeats = 16;

function seatInput(name) {
  const input = element('input', {
    value: name,
    'aria-label': 'Model',
    placeholder: 'provider/model',
    autocomplete: 'off',
    spellcheck: false,
  });
  input.setAttribute('list', 'models');
  const remove = element(
    'button',
    { type: 'button', class: 'quiet remove', 'aria-label': `Remove ${name || 'this seat'}` },
    '×',
  );
  const seat = element('span', { class: 'seat-input' }, input, remove);
  input.addEventListener('input', () =>
    remove.setAttribute('aria-label', `Remove ${input.value || 'this seat'}`),
  );
  remove.addEventListener('click', () => {
    const next = seat.nextElementSibling ?? seat.previousElementSibling;
    seat.remove();
    updateSeats();
    (next?.querySelector('input') ?? $('add-seat')).focus();
  });
  return seat;
}

function updateSeats() {
  const seats = $('seats').querySelectorAll('.seat-input');
  $('add-seat').hidden = seats.length >= mostSeats;
}

export function setSeats(names) {
  const add = element('button', { type: 'button', id: 'add-seat', class: 'add' }, '+ Add a model');
  add.addEventListener('click', () => {
    const seat = seatInput('');
    add.before(seat);
    updateSeats();
    seat.querySelector('input').focus();
  });
  $('seats').replaceChildren(...names.map(seatInput), add);
  updateSeats();
}

export const seatNames = () =>
  [...$('seats').querySelectorAll('input')].map((input) => input.value.trim()).filter(Boolean);

export function suggest(names) {
  $('models').replaceChildren(...names.map((value) => element('option', { value })));
}

/** A button for each panel of the server, which puts its models on the seats and its choices to the vote. */
export function offerPanels(panels) {
  const seat = ({ models, resolution: how, choices }) => {
    setSeats(models);
    setResolution(how);
    if (choices) $('choices').value = choices.join('\n');
    $('question').focus();
  };
  const buttons = panels.map((panel) =>
    element(
      'button',
      { type: 'button', class: 'quiet', on: { click: () => seat(panel) } },
      visibleName(panel.id),
    ),
  );
  $('panels')
    .querySelectorAll('button')
    .forEach((old) => old.remove());
  $('panels').append(...buttons);
  $('panels').hidden = panels.length === 0;
}

function setResolution(word = 'summary') {
  for (const radio of $('ask').elements.resolution) radio.checked = radio.value === word;
  showResolution();
}

export const resolution = () => new FormData($('ask')).get('resolution');

export function showResolution() {
  const voting = resolution() === 'multiple_choice';
  $('choices-row').hidden = !voting;
  $('choices').required = voting;
  $('schema').closest('.row').hidden = voting;
  $('summary-model').closest('.row').hidden = resolution() !== 'summary';
}

const linesOf = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** Checks the schema as it is typed, and says what is wrong where the browser says such things. */
export function checkSchema() {
  let problem = '';
  try {
    const schema = $('schema').value.trim() === '' ? {} : JSON.parse($('schema').value);
    if (schema === null || typeof schema !== 'object' || Array.isArray(schema))
      problem = 'A schema is a JSON object.';
  } catch (error) {
    problem = `This is not JSON: ${error.message}`;
  }
  $('schema').setCustomValidity($('schema').closest('.row').hidden ? '' : problem);
  if (problem) $('more').open = true; // nobody sees a complaint inside a closed box
}

/** What is asked, as the server takes it; only what was filled in. */
export function readRequest() {
  const request = {
    input: $('question').value,
    models: seatNames().map((name) => ({ name })),
    resolution: resolution(),
  };
  const fill = (key, value) => {
    if (value !== '' && !Number.isNaN(value)) request[key] = value;
  };
  if (request.resolution === 'multiple_choice') request.choices = linesOf($('choices').value);
  else if ($('schema').value.trim()) request.output_schema = JSON.parse($('schema').value);
  fill('instructions', $('instructions').value.trim());
  if (request.resolution === 'summary') fill('summary_model', $('summary-model').value.trim());
  fill('timeout_ms', $('timeout').valueAsNumber * 1000);
  fill('max_retries', $('retries').valueAsNumber);
  return request;
}

/** Puts a request of before back into the form. */
export function fillRequest(request) {
  $('question').value = request.input;
  setSeats(request.models.map(({ name }) => name));
  $('choices').value = (request.choices ?? []).join('\n');
  $('instructions').value = request.instructions ?? '';
  $('schema').value = request.output_schema ? JSON.stringify(request.output_schema, null, 2) : '';
  $('summary-model').value = request.summary_model ?? '';
  $('timeout').value = request.timeout_ms === undefined ? '' : request.timeout_ms / 1000;
  $('retries').value = request.max_retries ?? '';
  $('more').open = Boolean(request.instructions || request.output_schema || request.summary_model);
  setResolution(request.resolution);
  checkSchema();
  growQuestion();
}

/** The question's box is as high as the question. */
export function growQuestion() {
  const box = $('question');
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight + 2, window.innerHeight / 2)}px`;
}
