// All connections, what the app itself lacks, and, for a lesser key, what that key opens.

import { get, may, OPERATIONS, pages, person, whyNot } from '../api.js';
import { complain, draw, fact, h, link, state } from '../dom.js';
import { findingCards } from '../finding.js';
import { deployment, unnamed, whose } from '../deployment.js';
import { poll } from '../poll.js';
import { leads } from '../routes.js';
import { daysUntil, end, t } from '../texts.js';

const SOON = 30;
const RECENT = 5000;
// What needs somebody, first; then what is under way; then what is done.
const URGENT = ['unreadable', 'failed', 'interrupted', 'action-required'];
const DONE = ['ready', 'cancelled', 'removed'];
const NEWS = ['drifted', 'not-readable']; // of the daily look
const WAYS = ['connection', 'hand-over', 'report', 'history'];

export async function overview(main, { signal }) {
  const missing = h('section', { 'aria-label': t('page.overview.missing') });
  const list = h('section', { 'aria-label': t('page.overview.title') });
  const search = searching(list);
  main.append(
    h('div', { class: 'title' }, h('h1', {}, t('page.overview.title')), h('div', { class: 'ways' },
      leads('new') && link(t('page.overview.new'), '#/new', { class: 'button primary' }),
      leads('new') && link(t('page.overview.send'), '#/send', { class: 'button' }),
      leads('targets') && link(t('page.targets.title'), '#/targets', { class: 'button', id: 'to-targets' }))),
    search, list, missing);
  if (!OPERATIONS.every(may)) main.append(person() ? roles() : lesser());
  // Asking each service what the app may do takes a moment: the list does not wait for that.
  deployment(RECENT).then(health => health && lacks(missing, health.missing, list)).catch(complain);
  if (may('list_connections')) await poll(() => look(list, search, signal), signal);
}

// What is in the way stands above the list, what is only to be known below it.
function lacks(host, missing, list) {
  draw(host, missing, rights);
  if (missing.some(finding => finding.severity === 'error')) list.before(host);
}

async function look(list, search, signal) {
  const found = [];
  for await (const page of pages('list_connections', 'api/connections', body => body, signal)) found.push(...page);
  draw(list, found, () => found.length ? h('ul', { class: 'rows connections' }, found.toSorted(byNeed).map(row)) : nothing());
  search.hidden = found.length < 2;
  search.dispatchEvent(new Event('input'));
  // Any connection says whose it is, where health does not.
  if (unnamed() && found.length && may('read_connection')) {
    const { label, ids } = await get('read_connection', `api/connections/${found[0].name}?top=1`, signal);
    whose(label, ids.tenantId);
  }
  return found;
}

// What needs somebody now, what does so soon, what is under way, and what is done.
function need({ state: name, rotation, health, findings }) {
  if (URGENT.includes(name) || health === 'drifted') return 0;
  if (rotation === 'offered' || findings.length) return 1;
  return rotation || !DONE.includes(name) ? 2 : 3;
}
export const byNeed = (one, other) => need(one) - need(other)
  || (one.expiresOn ?? '9').localeCompare(other.expiresOn ?? '9') || one.name.localeCompare(other.name);

// The field that leaves of the list what has a text in its names.
function searching(list) {
  const text = h('input', { id: 'search', type: 'search', autocomplete: 'off', spellcheck: 'false' });
  const none = h('p', { role: 'status', id: 'search-none' });
  const field = h('div', { class: 'field', hidden: true }, h('label', { for: 'search' }, t('page.overview.search')), text, none);
  field.addEventListener('input', () => {
    const wanted = text.value.trim().toLowerCase();
    const rows = [...list.querySelectorAll('.connections > li')];
    for (const row of rows) row.hidden = !row.querySelector('h2').textContent.toLowerCase().includes(wanted);
    none.textContent = rows.length && rows.every(row => row.hidden) ? t('page.overview.notFound') : '';
  });
  return field;
}

const rights = missing => missing.length
  ? [h('h2', {}, t('page.overview.missing')), h('p', {}, t('page.overview.missingWhat')),
    findingCards(missing)]
  : [];

const nothing = () => [h('p', { class: 'lead' }, t('page.overview.none')), h('p', {}, t('page.overview.first'))];

function row(connection) {
  const total = Object.values(connection.mailboxes).reduce((sum, number) => sum + number, 0);
  return h('li', {},
    h('h2', {}, link(connection.name, `#/c/${connection.name}`, { id: `to-${connection.name}` }),
      h('small', {}, connection.displayName)),
    h('p', {}, state(connection.state), connection.rotation && [' ',
      h('span', { class: 'tag' }, t(`page.renewal.${connection.rotation}.title`))],
    NEWS.includes(connection.health) && [' ', h('span', { class: 'tag' }, t(`page.health.answer.${connection.health}`))]),
    h('dl', { class: 'facts' },
      fact(t('page.overview.proven'), total ? t('page.of', { number: connection.mailboxes.open ?? 0, total }) : '–'),
      connection.expiresOn && fact(t('label.expires'),
        h('span', { class: daysUntil(connection.expiresOn) < SOON ? 'urgent' : null }, end(connection.expiresOn))),
      fact(t('label.findings'), String(connection.findings.length + (connection.mailboxes['action-required'] ?? 0)))));
}

// What the roles of who has signed in allow, and which role the rest takes.
function roles() {
  const rows = operations => h('ul', {}, operations.map(operation =>
    h('li', {}, t(`page.may.${operation}`), whyNot(operation) && [' – ', h('small', {}, whyNot(operation))])));
  return h('section', { id: 'roles' },
    h('h2', {}, t('page.signIn.roles')), rows(OPERATIONS.filter(may)),
    h('h2', {}, t('page.signIn.rolesNot')), rows(OPERATIONS.filter(operation => !may(operation))));
}

// A key of one function: what it opens, and the way there, since it cannot list the connections.
function lesser() {
  const way = WAYS.find(leads);
  const name = h('input', { id: 'which', autocomplete: 'off', spellcheck: 'false', required: true, pattern: '[a-z0-9]+(-[a-z0-9]+)*' });
  const open = event => {
    event.preventDefault();
    location.hash = `#/c/${name.value}${way === 'connection' ? '' : `/${way}`}`;
  };
  return h('section', {},
    h('h2', {}, t('page.lesser.title')),
    h('p', {}, t('page.lesser.what')),
    h('ul', {}, OPERATIONS.filter(may).map(operation => h('li', {}, t(`page.may.${operation}`)))),
    way && h('form', { onsubmit: open, class: 'key' },
      h('label', { for: 'which' }, t('page.lesser.name')), name, h('button', { class: 'primary' }, t('page.lesser.open'))));
}

// Where a view needs an operation that this key does not open.
export function closed(main, operation) {
  const what = { operation: t(`page.may.${operation}`) };
  main.append(h('h1', {}, person() ? t('page.signIn.refused') : t('page.key.refused')),
    h('p', {}, person() ? `${what.operation}: ${whyNot(operation)}` : t('page.lesser.closed', what)),
    link(t('page.overview.title'), '#/'));
}
