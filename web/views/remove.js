// Taking a connection back: what would go, beforehand; the number to type; and afterwards the sheet of what was taken back.

import { call } from '../api.js';
import { h, listed } from '../dom.js';
import { findingCards } from '../finding.js';
import { count, moment, t } from '../texts.js';
import { who } from '../who.js';
import { agreed, groups, made, show } from './plan.js';

const NAMED = 200;

export async function remove(main, { name, signal }) {
  const host = h('section', { id: 'part-plan' });
  main.append(
    h('h1', {}, t('page.remove.title')), h('p', { class: 'lead' }, t('page.remove.what')), host);
  const asked = () => call('remove_connection', 'DELETE', `api/connections/${name}?dryRun=true`, { signal });
  const plan = await made(host, name, asked, signal);
  if (!plan) return;
  const notes = plan.findings ?? [];
  show(host, [
    plan.ended ? h('p', {}, plan.changes.length ? count('page.plan.changes', plan.changes.length) : t('page.plan.none'), ` ${t('page.plan.nothingYet')}`)
      : h('p', { class: 'notice error' }, t('page.plan.interrupted')),
    groups(plan),
    notes.length > 0 && [h('h3', {}, t('label.findings')), findingCards(notes)],
    plan.ended && confirmation(name, plan),
  ], 'nearest'); // what it is stands above, and short
}

// Who takes it back says so by typing how many mailboxes lose access; and what a person has done where the app may not
// look, that person says.
function confirmation(name, { losing, changes, findings }) {
  const done = h('input', { type: 'checkbox', id: 'by-hand' });
  const go = async () => {
    await call('remove_connection', 'DELETE', `api/connections/${name}?allowRemoval=${losing}${done.checked ? '&byHand=true' : ''}`);
    location.hash = `#/c/${name}`;
  };
  const lacks = changes.some(change => change.byHand) || findings.some(finding => finding.severity === 'error');
  return [
    lacks && h('div', { class: 'check' }, done, h('label', { for: done.id }, t('page.remove.byHand')),
      h('p', { class: 'hint' }, t('page.remove.byHandWhat'))),
    agreed(losing, t('page.remove.go'), go),
  ];
}

// What was taken back, and what stays: to be kept by whoever has done it.
export const record = removed => removed && [
  h('h2', {}, t('page.remove.record')),
  h('p', {}, moment(removed.on), removed.by && [' · ', who(removed.by)]),
  h('ul', { id: 'taken' }, removed.taken.map(one => h('li', {}, `${one.text}: `, h('span', { class: 'address' }, one.subject)))),
  removed.mailboxes.length > 0 && [h('h3', {}, count('page.remove.lost', removed.mailboxes.length)), listed(removed.mailboxes, NAMED)],
  removed.stays.length > 0 && [h('h3', {}, t('page.remove.stays')), h('ul', {}, removed.stays.map(one => h('li', {}, one)))],
];
