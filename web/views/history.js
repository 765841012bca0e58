// Who asked for what, when and from where, and what was told to whom, newest first; more is read when somebody asks for it.

import { get } from '../api.js';
import { h, quiet } from '../dom.js';
import { cell, row, table } from '../table.js';
import { known, moment, t } from '../texts.js';
import { who } from '../who.js';

const PAGE = 50;
const COLUMNS = ['when', 'what', 'who', 'changed'];
const ITSELF = ['evidence', 'told'];

export async function history(main, { name, signal }) {
  const path = `api/connections/${name}/history?top=${PAGE}`;
  const columns = COLUMNS.map(part => t(`page.history.${part}`));
  const entries = table(t('page.history.title'), columns, [], { id: 'entries' });
  const rows = entries.querySelector('tbody');
  let next = null;
  const read = async () => {
    const page = await get('read_history', next === null ? path : `${path}&after=${next}`, signal);
    next = page.next;
    rows.append(...page.items.map(entry => line(columns, entry)));
    more.hidden = next === null;
  };
  const more = quiet(t('page.history.more'), read, { id: 'more' });
  await read();
  if (signal.aborted) return;
  main.append(
    h('h1', {}, t('page.history.title'), h('small', {}, name)),
    h('p', { class: 'lead' }, t('page.history.lead')),
    rows.hasChildNodes() ? entries : h('p', {}, t('page.history.none')), more,
    h('p', { class: 'hint' }, t('page.history.hint')));
}

const line = (columns, entry) => row(columns, [
  cell(moment(entry.at)),
  cell([entry.text, entry.outcome !== 'accepted' && h('strong', {}, ` – ${refusal(entry)}`)]),
  cell(ITSELF.includes(entry.action) ? t('page.history.itself') : from(entry.caller)),
  cell(changed(entry)),
], { class: entry.outcome });

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
