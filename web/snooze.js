// Nobody is told of a finding of the daily look for a while: with a reason and an end, by who may. It stays what it is.

import { callOwn, may } from './api.js';
import { button, h } from './dom.js';
import { now } from './now.js';
import { day, t } from './texts.js';

// That others own an application, or can sign in as it, is put to sleep by a right of its own.
export const FOREIGN = [
  'foreign-application', 'foreign-owner', 'foreign-credential', 'foreign-enterprise-application', 'foreign-enterprise-owner',
  'foreign-enterprise-credential', 'maker-unknown',
];
const DAY = 86_400_000;
const USUAL = 14;
const LONGEST = 364; // the API takes a year, and the end is that of the day
const MAX_REASON = 300;

const inDays = days => {
  const then = new Date(now() + days * DAY);
  return [then.getFullYear(), then.getMonth() + 1, then.getDate()].map(part => String(part).padStart(2, '0')).join('-');
};

// The form under a finding; null where who asks may not do it. `happens` is called with the words for what happens next.
export function snooze({ id, code }, name, happens) {
  const foreign = FOREIGN.includes(code);
  const operation = foreign ? 'snooze_foreign_finding' : 'snooze_finding';
  if (!may(operation)) return null;
  const key = `snooze-${encodeURIComponent(id)}`;
  const reason = h('input', { id: `${key}-reason`, required: true, maxlength: MAX_REASON, autocomplete: 'off' });
  const until = h('input', { id: `${key}-until`, type: 'date', required: true, value: inDays(USUAL), min: inDays(1), max: inDays(LONGEST) });
  const go = async () => {
    if (!form.reportValidity()) return;
    const ends = new Date(`${until.value}T23:59:59`).toISOString();
    const body = { id, reason: reason.value.trim(), until: ends };
    await callOwn(operation, 'POST', `api/connections/${name}/snooze${foreign ? '/foreign' : ''}`, body);
    happens(t('page.snooze.done', { day: day(ends) }));
  };
  const form = h('form', { class: 'wish', onsubmit: event => event.preventDefault() },
    h('div', { class: 'field' }, h('label', { for: reason.id }, t('page.snooze.reason')), reason),
    h('div', { class: 'field' }, h('label', { for: until.id }, t('page.snooze.until')), until),
    h('div', { class: 'actions' }, button(t('page.snooze.go'), go, { type: 'submit', id: `${key}-go` })));
  return h('details', { id: key }, h('summary', {}, t('page.snooze.title')), h('p', { class: 'hint' }, t('page.snooze.what')), form);
}
