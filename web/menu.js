// A menu of what else can be done. What cannot be done now keeps its place, and says why.

import { h } from './dom.js';

const OPEN = 'details.menu[open]';

export function menu(label, items) {
  const head = h('summary', { class: 'button', id: 'more-actions' }, label);
  const list = h('ul', {}, items.map(item => h('li', {}, item)));
  const element = h('details', { class: 'menu', id: 'more' }, head, list);
  // Before the item does anything: what is drawn anew by it finds the menu closed, and the focus at its head.
  list.addEventListener('click', event => {
    if (!event.target.closest('a, button') || event.target.closest('[aria-disabled]')) return;
    element.open = false;
    head.focus();
  }, { capture: true });
  return element;
}

// Whoever looks elsewhere, or presses Escape, has done with it.
function closeBut(target) {
  for (const element of document.querySelectorAll(OPEN)) if (!element.contains(target)) element.open = false;
}
for (const name of ['pointerdown', 'focusin']) document.addEventListener(name, event => closeBut(event.target));
document.addEventListener('keydown', event => {
  const element = event.key === 'Escape' && document.querySelector(OPEN);
  if (!element) return;
  element.open = false;
  element.querySelector('summary').focus();
});
