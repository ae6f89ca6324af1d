// Elements, made without a line of markup: what models say can only become text.

/** An element with properties and children; null children are left out. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') made.className = value;
    else if (name === 'on')
      for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
    else if (name.includes('-') || name === 'role' || name === 'for')
      made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Changes a text only if it differs, so that nothing is laid out or read out for nothing. */
export function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** A button that copies a text, which is asked for when it is pressed. */
export function copyButton(what, text) {
  const button = element(
    'button',
    { type: 'button', class: 'quiet copy', 'aria-label': `Copy ${what}` },
    'Copy',
  );
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => (button.textContent = 'Copy'), 1500);
  });
  return button;
}
