// Texts in German and English, from the same files as the API's, and dates as the reader writes them.

import { now } from './now.js';

export const LANGUAGES = ['de', 'en'];
const KEPT = 'utm-mail-connect.language';
const loaded = {};
let current = initial();

function initial() {
  const kept = localStorage.getItem(KEPT);
  if (LANGUAGES.includes(kept)) return kept;
  return navigator.languages.map(tag => tag.toLowerCase().split('-')[0]).find(tag => LANGUAGES.includes(tag)) ?? 'en';
}

export const language = () => current;

export async function use(lang, keep = false) {
  loaded[lang] ??= await (await fetch(`assets/texts/${lang}.json`)).json();
  current = lang;
  if (keep) localStorage.setItem(KEPT, lang);
  document.documentElement.lang = lang;
}

// The text under a path like 'page.key.title', its {placeholders} filled, dates ({end:day}) by whoever gives them; an unknown one shows its path.
export function t(path, values = {}, lang = current) {
  const found = path.split('.').reduce((texts, key) => texts?.[key], loaded[lang]);
  if (typeof found !== 'string') return path;
  return found.replace(/\{(\w+)(?::\w+)?\}/g, (whole, key) => key in values ? written(values[key]) : whole);
}

export const written = value => typeof value === 'number' ? value.toLocaleString(region()) : String(value);

export const known = path => t(path) !== path;

// For one or many: 'x.one' where the number is 1, else 'x.many'.
export const count = (path, number, values = {}) =>
  t(`${path}.${number === 1 ? 'one' : 'many'}`, { number, ...values });

// As the reader writes dates and numbers: by the browser's own variety of the language, else the European one.
export const region = () =>
  navigator.languages.find(tag => tag.toLowerCase().startsWith(`${current}-`)) ?? { de: 'de-DE', en: 'en-GB' }[current];

// One form of dates: absolute, short enough for a line, as the language writes them where the reader is.
const shown = options => iso => iso ? new Intl.DateTimeFormat(region(), options).format(new Date(iso)) : '–';
export const day = shown({ dateStyle: 'medium' });
export const moment = shown({ dateStyle: 'medium', timeStyle: 'short' });
export const hour = shown({ timeStyle: 'short' });

const SAID = ['message', 'reason', 'stays', 'lost', 'detail'];

// What the API says in words, with the moments in it as the reader writes them, where the reader is.
export function local(answer) {
  const told = text => answer.times.reduce((said, { shown, at, form }) => said.replaceAll(shown, form === 'day' ? day(at) : moment(at)), text);
  for (const key of SAID) if (answer[key]) answer[key] = Array.isArray(answer[key]) ? answer[key].map(told) : told(answer[key]);
  return answer;
}

export const daysUntil = iso => Math.floor((new Date(iso) - now()) / 86_400_000);

// The day on which something ends, and how long that still is.
export function end(iso) {
  const left = daysUntil(iso);
  return `${day(iso)} (${left < 0 ? t('page.ended') : count('page.daysLeft', left)})`;
}

// A stretch of time in seconds, minutes or hours, whichever a person would say.
export function duration(seconds) {
  const [amount, unit] = seconds < 100 ? [seconds, 'second'] : seconds < 6000 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour'];
  const digits = unit === 'second' && amount < 10 ? 1 : 0;
  return new Intl.NumberFormat(region(), { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: digits }).format(amount);
}
