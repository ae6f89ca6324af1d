// Text of models on the page: as text, or as Markdown of which nothing but harmless markup is left.
import { Lexer, Marked } from './vendor/marked.js';
import purify from './vendor/purify.js';

/** Longer texts are shown as plain text, since formatting them would hold the page up. */
const longestMarkdown = 40_000;
/** In longer paragraphs emphasis, links and the like stay as written: finding them is quadratic. */
const longestParagraph = 4_000;
/** Of longer texts the rest is not shown, though copied and kept. */
const longestShown = 100_000;

const allowed = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a', 'hr'],
    ...['h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  ALLOWED_ATTR: ['href', 'start', 'align'],
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'A') return;
  node.setAttribute('rel', 'noopener noreferrer nofollow');
  node.setAttribute('target', '_blank');
});

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text) => text.replace(/[&<>"']/g, (character) => escapes[character]);

// Markup in an answer is shown as the text that it is, and no picture is ever fetched.
const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text, block }) => (block ? `<p>${escaped(text)}</p>` : escaped(text)),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    heading({ tokens, depth }) {
      const tag = `h${Math.min(6, depth + 3)}`; // below the page's own
      return `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`;
    },
  },
});

class BoundedLexer extends Lexer {
  inlineTokens(source, found = []) {
    if (source.length <= longestParagraph) return super.inlineTokens(source, found);
    found.push({ type: 'text', raw: source, text: source, escaped: false });
    return found;
  }
}

/** The marks that make text run the other way, spelled out: they could make it lie. */
const directionMarks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const overrides = /[\u202a-\u202e\u2066-\u2069]/g;
const spelled = (mark) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** A text that shows what it is, for prose. */
export const visible = (text) => text.replace(overrides, spelled);
/** The same for names, where no mark of direction has any use. */
export const visibleName = (text) => text.replace(directionMarks, spelled);

function asText(text) {
  const box = document.createElement('div');
  box.className = 'plain';
  box.dir = 'auto';
  box.textContent = text;
  return box;
}

function asJson(text) {
  const box = document.createElement('pre');
  box.className = 'json';
  try {
    box.textContent = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    box.textContent = text; // still growing
  }
  return box;
}

/**
 * Shows a text that may grow in `place`. Blocks of Markdown that did not change stay as they are,
 * with the reader's selection in them.
 */
export class TextView {
  #place;
  #shown = null;
  #blocks = []; // the source of each block shown
  #rested = 0; // when the next showing may begin
  #waiting = null; // what is shown then

  constructor(place) {
    this.#place = place;
  }

  /**
   * `answer` is `{text, isJson, cut}`. One that grows and takes long to show is shown less often,
   * one that is complete at once.
   */
  show(answer, isComplete = true) {
    const wait = this.#rested - performance.now();
    if (isComplete || (wait <= 0 && !this.#waiting)) {
      this.#waiting &&= answer;
      this.#show(answer);
      return;
    }
    if (!this.#waiting) {
      setTimeout(() => {
        this.#show(this.#waiting);
        this.#waiting = null;
      }, wait);
    }
    this.#waiting = answer;
  }

  #show(answer) {
    const began = performance.now();
    this.#update(answer);
    const now = performance.now();
    this.#rested = now - began > 20 ? now + 8 * (now - began) : 0;
  }

  #update({ text, isJson, cut }) {
    const key = `${isJson}${cut}${text.length}`;
    // A text only grows or begins anew, and what begins anew is shown empty in between or ends
    // differently: length and last characters tell.
    if (this.#shown?.key === key && this.#shown.end === text.slice(-64)) return;
    this.#shown = { key, end: text.slice(-64) };
    if (isJson || text.length > longestMarkdown || !this.#markdown(text)) {
      this.#whole(text, isJson);
    }
    if (cut || text.length > longestShown) this.#note(text.length, cut);
  }

  #markdown(text) {
    try {
      const blocks = new BoundedLexer(marked.defaults)
        .lex(visible(text))
        .filter(({ type }) => type !== 'space');
      let same = 0;
      while (same < blocks.length && this.#blocks[same] === blocks[same].raw) ++same;
      const added = blocks.slice(same).map((block) => {
        const box = document.createElement('div');
        box.dir = 'auto';
        box.append(purify.sanitize(marked.parser([block]), allowed));
        return box;
      });
      const children = [...this.#place.children];
      if (this.#blocks.length === 0) this.#place.replaceChildren();
      for (const old of children.slice(same)) old.remove();
      this.#place.append(...added);
      this.#blocks = blocks.map(({ raw }) => raw);
      return true;
    } catch {
      return false; // nested too deeply, for instance
    }
  }

  #whole(text, isJson) {
    this.#blocks = [];
    const shown = visible(text.slice(0, longestShown));
    this.#place.replaceChildren(isJson ? asJson(shown) : asText(shown));
  }

  #note(length, cut) {
    const note = document.createElement('p');
    note.className = 'note';
    const rest = length - longestShown;
    note.textContent =
      rest > 0 ? `… and ${rest.toLocaleString('en')} more characters.` : '… The rest was not kept.';
    if (rest > 0 && cut) note.textContent += ' The rest was not kept.';
    this.#place.append(note);
  }
}

/** A model's name in its two parts: who serves it, and which it is. */
export function nameParts(name) {
  const slash = name.lastIndexOf('/');
  return { provider: name.slice(0, slash + 1), model: name.slice(slash + 1) };
}

export function dollars(amount) {
  if (amount == null) return '';
  if (amount > 0 && amount < 0.0001) return 'under $0.0001';
  return `$${amount.toFixed(amount === 0 || amount >= 1 ? 2 : 4)}`;
}

export function seconds(milliseconds) {
  if (milliseconds == null) return '';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function tokens(usage) {
  if (usage == null) return '';
  const [read, written] = [usage.input_tokens ?? 0, usage.output_tokens ?? 0];
  return `${read.toLocaleString('en')} in, ${written.toLocaleString('en')} out`;
}
