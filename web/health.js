// What the daily look has seen: when, of what, what could not be read, and what nobody is told of for a while.

import { callOwn, may, post } from './api.js';
import { button, fact, h, quiet } from './dom.js';
import { findingCards } from './finding.js';
import { snooze } from './snooze.js';
import { day, hour, moment, t } from './texts.js';

const SIGNS = { good: '✔', drifted: '!', 'not-readable': '?' };

// Never by colour alone; what nobody has looked at has an answer of its own.
const answer = name => h('span', { class: `answer ${name ?? 'none'}` },
  h('span', { 'aria-hidden': 'true' }, SIGNS[name] ?? '·'), ` ${t(`page.health.answer.${name ?? 'none'}`)}`);

// `happens` is called with the words for what happens next.
export function health(seen, happens) {
  const { health: looked, name } = seen;
  if (!looked || seen.state === 'removed') return [];
  const look = async () => {
    await post('start_check', `api/check?name=${name}`);
    happens(t('page.health.begun'));
  };
  return [
    h('h2', {}, t('page.health.title')),
    h('p', { class: 'hint' }, t('page.health.what', { hour: hour(today(looked.hour)) })),
    h('dl', { class: 'facts' },
      fact(t('page.health.says'), answer(looked.answer)),
      fact(t('page.health.when'), looked.looking ? t('page.health.now') : looked.lookedOn ? moment(looked.lookedOn) : '–')),
    looked.lookedOn && !looked.current && h('p', {}, t('page.health.before')),
    looked.items.length > 0 && items(looked),
    looked.unread.length > 0 && [h('h3', {}, t('page.health.unread')), findingCards(looked.unread, { snooze: one => awake(one, looked) && snooze(one, name, happens) })],
    looked.more > 0 && h('p', {}, t('page.health.more', { number: looked.more })),
    sleeping(looked.snoozed, name, happens),
    may('start_check') && h('p', {}, button(t('page.health.look'), look, { id: 'look' })),
  ];
}

const awake = ({ id }, { snoozed }) => !snoozed.some(one => one.id === id);

const items = ({ items: all, mailboxes }) => h('details', { id: 'looked-at' },
  h('summary', {}, t('page.health.items')),
  h('dl', { class: 'facts' },
    all.map(one => fact(t(`step.${one.step}`), answer(one.answer))),
    Object.entries(mailboxes).map(([name, number]) => fact(t('page.health.mailboxes', { number }), answer(name)))));

// The hour is in UTC, and shown as the reader's clock has it.
function today(utc) {
  const moment = new Date();
  moment.setUTCHours(utc, 0, 0, 0);
  return moment.toISOString();
}

const sleeping = (snoozed, name, happens) => !snoozed.length ? [] : [
  h('h3', {}, t('page.health.asleep')),
  h('ul', { class: 'rows' }, snoozed.map(one => h('li', {},
    h('p', {}, one.message || one.code),
    h('p', { class: 'small' }, t('page.health.until', { day: day(one.until), reason: one.reason, by: one.by })),
    may('wake_finding') && h('p', {}, quiet(t('page.health.wake'), async () => {
      await callOwn('wake_finding', 'DELETE', `api/connections/${name}/snooze/${one.key}`);
      happens(t('page.health.awake'));
    }, { id: `wake-${one.key}` })))))];
