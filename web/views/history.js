// Who asked for what, when and from where, and what was told to whom, newest first; more is read when somebody asks for it.

import { get } from '../api.js';
import { h, quiet } from '../dom.js';
import { known, moment, t } from '../texts.js';
import { who } from '../who.js';

const PAGE = 50;
const COLUMNS = ['when', 'what', 'who', 'changed'];
const ITSELF = ['evidence', 'told'];

export async function history(main, { name, signal }) {
  const path = `api/connections/${name}/history?top=${PAGE}`;
  const rows = h('tbody', { id: 'entries' });
  let next = null;
  const read = async () => {
    const page = await get('read_history', next === null ? path : `${path}&after=${next}`, signal);
    next = page.next;
    rows.append(...page.items.map(row));
    more.hidden = next === null;
  };
  const more = quiet(t('page.history.more'), read, { id: 'more' });
  await read();
  if (signal.aborted) return;
  main.append(
    h('h1', {}, t('page.history.title'), h('small', {}, name)),
    h('p', { class: 'lead' }, t('page.history.lead')),
    rows.hasChildNodes() ? table(rows) : h('p', {}, t('page.history.none')), more,
    h('p', { class: 'hint' }, t('page.history.hint')));
}

const table = rows => h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t('page.history.title') },
  h('table', {}, h('thead', {}, h('tr', {}, COLUMNS.map(part => h('th', { scope: 'col' }, t(`page.history.${part}`))))), rows));

const row = entry => h('tr', { class: entry.outcome },
  h('td', {}, moment(entry.at)),
  h('td', {}, entry.text, entry.outcome !== 'accepted' && h('strong', {}, ` – ${refusal(entry)}`)),
  h('td', {}, ITSELF.includes(entry.action) ? t('page.history.itself') : from(entry.caller)),
  h('td', {}, changed(entry)));

function refusal({ outcome, code }) {
  const title = `problem.${code}.title`;
  return t(`page.history.${outcome}`, { reason: known(title) ? t(title) : code });
}

const from = caller => [who(caller), h('br'), h('small', {},
  t('page.history.from', { address: caller.address ?? '–', called: t(`page.may.${caller.function.replace(/^entra_/, '')}`) }))];

function changed({ revision, mailboxes, added, removed, allowRemoval, lifetimeDays, version, findings, told }) {
  return [
    revision !== null && t('page.history.revision', { number: revision }),
    mailboxes !== null && t('page.history.mailboxes', { mailboxes, added, removed }),
    allowRemoval !== null && t('page.history.allowed', { number: allowRemoval }),
    lifetimeDays !== null && t('page.history.lifetime', { number: lifetimeDays }),
    version !== null && t('page.history.version', { version: version.slice(0, 8) }),
    ...findings,
    ...told.map(({ target, state }) => t('page.history.told', { target, state: t(state ? `deliveryState.${state}` : 'page.history.forgotten') })),
  ].filter(Boolean).join(' · ') || '–';
}
