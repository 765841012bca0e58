// Elements, and what every view does with them. Texts only ever become text nodes: no markup is parsed.

import { language, t } from './texts.js';

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

const drawn = new WeakMap();

// Draw what `data` says, only where it says something new: focus, opened details and selections survive.
export function draw(host, data, build) {
  const state = JSON.stringify([language(), data]);
  if (drawn.get(host) === state) return;
  drawn.set(host, state);
  const held = host.contains(document.activeElement) ? document.activeElement : null;
  const open = [...host.querySelectorAll('details[open][id]')].map(details => details.id);
  host.replaceChildren(...[build(data)].flat(Infinity).filter(Boolean));
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  if (held) refocus(host, held);
}

// The focus stays on what is the same. Who held a key down on what is gone must not hit something else.
function refocus(host, held) {
  const same = document.getElementById(held.id)
    ?? [...host.querySelectorAll(held.tagName)].find(element => element.isEqualNode(held));
  const seen = same?.closest('details:not([open])')?.querySelector('summary') ?? same; // a closed menu hides what it holds
  if (!seen) host.tabIndex = -1;
  (seen ?? host).focus();
}

// Show the present view anew.
export const reload = () => dispatchEvent(new Event('hashchange'));

// What cannot be done now keeps its place, so that no other action comes under somebody's finger.
export const unless = possible => ({ 'aria-disabled': possible ? null : 'true' });

// A button that does one thing at a time: a second click while it works does nothing.
export function button(label, action, attributes = {}) {
  const element = h('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', async () => {
    if (element.hasAttribute('aria-disabled')) return;
    element.setAttribute('aria-disabled', 'true');
    try {
      await action(element);
    } catch (error) {
      complain(error);
    } finally {
      element.removeAttribute('aria-disabled');
    }
  });
  return element;
}

export const quiet = (label, action, attributes = {}) => button(label, action, { class: 'quiet', ...attributes });

// An address for a person: in both forms where its domain is an international one.
export const inBoth = (address, written) => written ? `${address} (${written})` : address;

// A term and what it is, for a <dl>.
export const fact = (term, ...value) => h('div', {}, h('dt', {}, term), h('dd', {}, ...value));

export const link = (label, href, attributes = {}) => h('a', { href, ...attributes }, label);

// A link to another site: it learns nothing of this page.
export const outward = (label, href, attributes = {}) =>
  h('a', { href, target: '_blank', rel: 'noopener noreferrer', ...attributes }, label, h('span', { class: 'unseen' }, ` ${t('page.newTab')}`));

// A button that puts a text, or what a function promises, on the clipboard.
export function copy(text, what, attributes = {}) {
  const done = async element => {
    const words = Promise.resolve(typeof text === 'function' ? text() : text);
    const blob = words.then(value => new Blob([value], { type: 'text/plain' }));
    try {
      // A promise, since Safari forgets that a person has clicked while something is awaited.
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })]);
    } catch (error) {
      await words; // what it failed of says more
      throw error;
    }
    element.textContent = t('page.copied');
    announce(t('page.copiedWhat', { what }));
    setTimeout(() => { element.textContent = t('page.copy'); }, 2000);
  };
  return quiet(t('page.copy'), done, { class: 'quiet copy', 'aria-label': t('page.copyWhat', { what }), ...attributes });
}

// An id with its button; the button keeps its place and its width, whatever it says.
export const copied = (text, what, attributes = {}) =>
  h('span', { class: 'copied' }, h('code', {}, text), copy(text, what, attributes));

// Some of many, and how many more there are.
export const listed = (texts, most) => h('ul', {}, texts.slice(0, most).map(text => h('li', { class: 'address' }, text)),
  texts.length > most && h('li', {}, t('page.plan.andMore', { number: texts.length - most })));

export const command = (text, what) =>
  h('div', { class: 'command' }, h('pre', { tabindex: '0', 'aria-label': what }, text), copy(text, what));

export function announce(text) {
  document.getElementById('progress').textContent = text;
}

// Say what went wrong, in the words of the problem document, where nobody misses it. Returns the notice.
export function complain(error) {
  if (error?.name === 'AbortError') return null;
  const host = document.getElementById('notices');
  const notice = h('div', { class: 'notice error', role: 'alert', tabindex: '-1' },
    h('h2', {}, error.title ?? t('page.problem.title')),
    h('p', {}, error.detail ?? String(error.message ?? error)),
    error.hint && h('p', {}, error.hint),
    error.requestId && h('p', { class: 'small' }, t('page.requestId', { id: error.requestId })),
    quiet(t('page.close'), () => { notice.remove(); document.getElementById('main').focus(); }));
  host.replaceChildren(notice);
  notice.scrollIntoView({ block: 'nearest' });
  return notice;
}

// Say what happens next, where it is seen and where it is heard. It stays until it is closed or something else is said.
export function tell(text) {
  const notice = h('div', { class: 'notice' }, h('p', {}, text),
    quiet(t('page.close'), () => { notice.remove(); document.getElementById('main').focus(); }));
  document.getElementById('notices').replaceChildren(notice);
  announce(text);
}

export const calm = () => document.getElementById('notices').replaceChildren();

// State in a word and a sign, never by colour alone.
const SIGNS = {
  done: '✔', unchanged: '✔', ready: '✔', open: '✔', running: '▶', waiting: '…', pending: '·', 'action-required': '!',
  failed: '✘', cancelled: '■', interrupted: '⚡', unreadable: '⚡', removed: '–',
};
export const state = name =>
  h('span', { class: `state ${name}` }, h('span', { 'aria-hidden': 'true' }, SIGNS[name] ?? '?'), h('span', { class: 'word' }, ` ${t(`state.${name}`)}`));

export function save(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  h('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
