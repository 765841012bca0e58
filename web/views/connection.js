// One connection: its eight steps as they happen, what a person has to do, and each mailbox.

import { accept, acceptances } from '../acceptance.js';
import { get, may, post, whyNot } from '../api.js';
import { announce, button, draw, fact, h, link, quiet, state, tell as say, unless, way } from '../dom.js';
import { findingCards } from '../finding.js';
import { health } from '../health.js';
import { done, lookNow, poll } from '../poll.js';
import { ways } from '../repair.js';
import { banner, ENDS, over } from '../rotation.js';
import { leads } from '../routes.js';
import { snooze } from '../snooze.js';
import { clock, count, duration, end, moment, t } from '../texts.js';
import { who } from '../who.js';
import { mailboxList } from './mailboxes.js';
import { record } from './remove.js';

// The figures of Securepoint's article that a step replaces.
const FIGURES = {
  prerequisites: '1', application: '2–7', 'enterprise-application': '12–14', consent: '8–9', secret: '10–11',
  exchange: '15', mailboxes: '15', verification: null,
};
const SHOWN = 3; // mailboxes that need a person and stand above the list of all
const AT_WORK = ['running', 'waiting', 'action-required'];
const RESTING = ['ready', 'failed', 'cancelled', 'interrupted', 'action-required'];

export async function connection(main, { name, signal }) {
  const parts = Object.fromEntries(['top', 'todo', 'repair', 'wait', 'record', 'steps', 'health', 'notes'].map(part => [part, h('section', { id: `part-${part}` })]));
  const list = mailboxList(name, signal);
  main.append(...Object.values(parts), list.element);
  const tell = teller();
  await poll(async () => {
    const seen = await get('read_connection', `api/connections/${name}?state=action-required&top=${SHOWN}`, signal);
    const [urgent, others] = sorted(seen.findings);
    const known = new Set(urgent.map(finding => finding.message));
    const shut = seen.mailboxes.counts['action-required'] ?? 0;
    const examples = once(seen.mailboxes.items.map(entry => entry.finding).filter(one => one && !known.has(one.message)));
    draw(parts.top, [seen.state, seen.operation, seen.by, seen.setUpBy, seen.since, seen.displayName, seen.verified, seen.mailboxes.counts, seen.secret, seen.rotation, over(seen.rotation, seen.findings)], () => top(seen));
    const drift = seen.health?.drift ?? [];
    draw(parts.todo, [urgent, examples, shut, drift], () => todo(urgent, examples, shut, name, list, parts.repair, drift));
    draw(parts.wait, [seen.state, seen.mailboxes.counts, seen.steps.at(-1)], () => waiting(seen));
    draw(parts.record, [seen.removed], () => [record(seen.removed)]);
    draw(parts.steps, [seen.steps, seen.ids, seen.secret, seen.mailboxes.counts, seen.findings], () => steps(seen));
    draw(parts.health, [seen.health, seen.state], () => health(seen, happens));
    draw(parts.notes, [others, seen.acceptances, drift], () => [
      others.length > 0 && [h('h2', {}, t('page.notes')), cards(others, name, parts.repair, drift)], acceptances(seen.acceptances, name, happens)]);
    list.update(seen);
    tell(seen);
    return [seen.state, seen.revision, seen.steps, seen.mailboxes, seen.findings, seen.acceptances];
  }, signal);
}

const ACTS = ['create_connection', 'read_parameters'];
const verifies = seen => seen.state === 'running' && seen.operation === 'verify';
const removes = seen => seen.operation === 'remove' && ['running', 'waiting'].includes(seen.state);

const top = seen => [
  h('p', { class: 'crumbs' }, link(t('page.overview.title'), '#/')),
  h('div', { class: 'title' }, h('h1', {}, seen.name, h('small', {}, seen.displayName)), state(seen.state)),
  h('p', { class: 'lead' }, verifies(seen) ? t('page.verifying') : removes(seen) ? t('page.remove.works') : t(`page.means.${seen.state}`)),
  h('dl', { class: 'facts' },
    seen.since && fact(t('page.since'), moment(seen.since)),
    seen.setUpBy && fact(t('page.by.setUp'), who(seen.setUpBy)),
    seen.by && seen.operation !== 'set-up' && fact(t('page.by.last'), who(seen.by)),
    seen.mailboxes.total > 0 &&
      fact(t('page.overview.proven'), t('page.of', { number: seen.mailboxes.counts.open ?? 0, total: seen.mailboxes.total })),
    seen.secret && fact(t(ENDS[seen.secret.kind]), end(seen.secret.expiresOn))),
  !over(seen.rotation, seen.findings) && banner(seen.name, seen.rotation),
  h('div', { class: 'actions' }, actions(seen)),
  may('create_connection') && may('verify_connection') && h('p', { class: 'hint' }, t('page.actions')),
  whyNot(...ACTS) && h('p', { class: 'hint', id: 'why-not' }, t('page.signIn.some'), ' ', whyNot(...ACTS)),
];

function actions(seen) {
  const { name } = seen;
  const verify = () => done(post('verify_connection', `api/connections/${name}/verify`));
  const stop = () => done(post('cancel_connection', `api/connections/${name}/cancel`));
  const at = part => `#/c/${name}/${part}`;
  return [
    leads('hand-over') && way(t('page.handOver.title'), at('hand-over'), seen.secret,
      { id: 'to-hand-over', class: seen.verified ? 'button primary' : 'button' }),
    leads('renewal') && way(t('page.renewal.title'), at('renewal'), seen.secret || seen.state === 'action-required', { id: 'to-renewal' }),
    leads('change') && way(t('page.change.title'), at('change'), true, { id: 'to-change' }),
    may('verify_connection') && button(t('page.verify'), verify, { id: 'verify' }),
    leads('again') && way(t('page.again.title'), at('again'), RESTING.includes(seen.state), { id: 'again' }),
    may('cancel_connection') && button(t('page.stop'), stop, { id: 'stop', ...unless(AT_WORK.includes(seen.state)) }),
    leads('sheet') && way(t('page.sheet.title'), at('sheet'), seen.secret, { id: 'to-sheet' }),
    leads('report') && way(t('page.report.title'), at('report'), true, { id: 'to-report' }),
    leads('remove') && way(t('page.remove.title'), at('remove'), seen.state !== 'removed', { id: 'to-remove' }),
    leads('history') && way(t('page.history.title'), at('history'), true, { id: 'to-history' }),
  ];
}

// What is in the way, each thing once although several steps may have met it; and what is only to be known.
function sorted(findings) {
  const all = once(findings);
  return [all.filter(finding => finding.severity === 'error'), all.filter(finding => finding.severity !== 'error')];
}

const once = findings =>
  findings.filter(({ message }, index) => findings.findIndex(other => other.message === message) === index);

// Of the mailboxes that need a person a few stand here, and all in the list below: there may be thousands of them.
function todo(urgent, examples, shut, name, list, repair, drift) {
  if (!urgent.length && !shut) return [];
  return [
    h('h2', {}, t('page.todo')), cards(urgent, name, repair, drift),
    shut > 0 && h('div', { class: 'notice warning' }, h('p', {}, h('strong', {}, count('page.mailboxes.shut', shut))),
      cards(examples, name, repair, drift),
      h('p', { class: 'ways' },
        shut > examples.length && quiet(t('page.mailboxes.showShut'), () => list.only('action-required'), { id: 'show-shut' }),
        leads('change') && link(t('page.mailboxes.correct'), `#/c/${name}/change`))),
  ];
}

function cards(findings, name, repair, drift) {
  return findingCards(findings, {
    accept: finding => accepting(name, finding),
    snooze: finding => drift.includes(finding.id) && snooze(finding, name, happens),
    renewal: leads('renewal') && `#/c/${name}/renewal`,
    repair: may('repair_connection') && (() => ways(repair, name, () => happens(t('page.repair.done')))),
  });
}

// Who accepts wants it to go on: a set-up that waits does so by itself, else its plan is shown where the key may do that.
async function accepting(name, finding) {
  const { goesOn, message } = await accept(name, finding);
  if (goesOn || !leads('again')) return happens(message);
  location.hash = `#/c/${name}/again`;
  return null;
}

function happens(message) {
  say(message);
  lookNow();
}

// The wait for Microsoft: what is proven, what is not, and since when somebody waits.
function waiting(seen) {
  const proof = seen.steps.at(-1);
  const { total, counts } = seen.mailboxes;
  const open = counts.open ?? 0;
  if (seen.operation === 'remove' || !['running', 'waiting'].includes(proof?.state) || !['running', 'waiting'].includes(seen.state)) return [];
  return [
    h('h2', {}, t('page.wait.title')),
    h('label', { for: 'proven' }, t('page.wait.proven', { number: open, total })),
    h('progress', { id: 'proven', max: total, value: open }),
    h('p', {}, count('page.wait.missing', total - open), ' ', t('page.wait.since', { time: clock(proof.started) })),
    h('p', { class: 'small' }, t('page.wait.why')),
  ];
}

const steps = seen => seen.steps.length > 0 && [
  h('h2', {}, t('page.steps')),
  h('ol', { class: 'steps' }, seen.steps.map((step, index) => h('li', { class: step.state, id: `step-${step.name}` },
    h('span', { class: 'number', 'aria-hidden': 'true' }, String(index + 1)),
    h('div', {},
      h('h3', {}, t(`step.${step.name}`)),
      h('p', { class: 'small' }, FIGURES[step.name] ? t('page.figures', { figures: FIGURES[step.name] }) : t('page.noFigure')),
      h('p', {}, t(`page.does.${step.name}`)),
      came(step, seen)),
    h('div', { class: 'outcome' }, state(step.state), times(step))))),
];

function times(step) {
  if (!step.started) return null;
  const took = step.ended ? ` · ${duration((new Date(step.ended) - new Date(step.started)) / 1000)}` : '';
  return h('span', { class: 'small' }, clock(step.started), took);
}

// What a step has found and done, with the ids that came of it.
function came(step, seen) {
  if (step.state === 'pending') return null;
  const { ids, secret, mailboxes: { counts, total } } = seen;
  const of = {
    prerequisites: [ids.tenantId && fact(t('page.tenantId'), ids.tenantId)],
    application: [ids.applicationId && fact(t('label.applicationId'), ids.applicationId)],
    'enterprise-application': [ids.enterpriseApplicationId && fact(t('page.objectId'), ids.enterpriseApplicationId)],
    secret: [secret && fact(t('page.keyId'), secret.keyId)],
    verification: [fact(t('page.overview.proven'), t('page.of', { number: counts.open ?? 0, total }))],
  }[step.name] ?? [];
  const did = [
    step.changes ? count('page.changes', step.changes) : step.ended && step.name !== 'verification' && t('page.noChange'),
    step.waits > 0 && count('page.waits', step.waits),
    step.reason && t('page.waitsFor', { reason: step.reason }),
  ].filter(Boolean).join(' · ');
  const found = new Set(seen.findings.filter(finding => finding.step === step.name).map(finding => finding.message));
  return [
    did && h('p', { class: 'did' }, did), of.length > 0 && h('dl', { class: 'facts' }, of),
    [...found].map(message => h('p', { class: 'did' }, t('page.found', { message }))),
  ];
}

// Say in the live region what has changed since the last look; the first look only says how it stands.
function teller() {
  let before = null;
  return seen => {
    const now = new Map([...seen.steps.map(step => [t(`step.${step.name}`), step.state]), [seen.name, seen.state]]);
    const news = [...now].filter(([what, how]) => before !== null && before.get(what) !== how);
    if (news.length) announce(news.map(([what, how]) => `${what}: ${t(`state.${how}`)}`).join('. '));
    before = now;
  };
}
