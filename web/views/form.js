// A new connection, or the change of one: what is wanted, then what that would change, then the change itself.

import { addresses } from '../addresses.js';
import { deployment } from '../deployment.js';
import { button, calm, complain, draw, h, quiet } from '../dom.js';
import { drop, keep, kept } from '../draft.js';
import { now as time } from '../now.js';
import { day, t } from '../texts.js';
import { present, wish } from '../wish.js';
import { blocking, describeList, filesFor } from './mailbox-list.js';
import { planned } from './plan.js';

const DAY = 86_400_000;
const NEW = '+'; // no connection can have that name
const PROTOCOLS = ['imap', 'pop', 'smtp'];
const SENDING = ['smtp'];
const SWITCHES = ['enableImap', 'enablePop', 'enableSmtp'];
const EMPTY = { name: '', displayName: '', mailboxes: '', sendAs: '', days: '', enableImap: false, byRole: false };

export const create = async (main, { signal }) => form(main, signal, null, ['imap']);

// Sending is a connection of its own: whoever holds a relay's secret can send as its mailboxes, and should read none.
export const send = async (main, { signal }) => form(main, signal, null, SENDING);

export async function change(main, { name, signal }) {
  const now = await present(name, signal);
  if (signal.aborted) return;
  if (now.mailboxes === null) {
    main.append(
      h('h1', {}, t('page.change.title'), h('small', {}, name)),
      h('p', { class: 'notice warning' }, t('page.change.notYet')));
    return;
  }
  form(main, signal, now, now.connection.wanted.protocols);
}

// `now` is {connection, mailboxes} as they stand, null for a new connection.
function form(main, signal, now, protocols) {
  const key = now?.connection.name ?? NEW;
  const base = now ? fieldsOf(now) : { ...EMPTY, ...chosen(protocols) };
  const draft = kept(key);
  const fields = controls({ ...base, ...draft });
  let asking = new AbortController();
  const plan = h('section', { id: 'plan', 'aria-label': t('page.plan.title') });
  const read = () => ({
    name: fields.name.value.trim(), displayName: fields.displayName.value.trim(), mailboxes: fields.mailboxes.value,
    sendAs: fields.sendAs.value, days: fields.days.value.trim(), enableImap: fields.enableImap.checked, byRole: fields.byRole.checked,
    ...chosen(PROTOCOLS.filter(one => fields[one].checked)),
  });
  const changed = () => {
    asking.abort(); // a plan is shown, and carried out, only for what the form says
    keep(key, differing(read(), base)); // only that: what somebody else changes meanwhile is not undone by it
    plan.replaceChildren();
    calm();
    describe(fields, now);
  };
  const look = async () => {
    calm();
    const body = checked(read(), fields, now);
    if (!body) return;
    asking.abort();
    asking = new AbortController();
    try {
      await planned(plan, body, now, AbortSignal.any([signal, asking.signal]), sent);
    } catch (error) {
      mark(fields, error);
    }
  };
  const sent = name => {
    drop(key);
    if (!signal.aborted) location.hash = `#/c/${name}`;
  };
  const throwAway = () => {
    drop(key);
    location.hash = now ? `#/c/${key}` : '#/';
  };
  main.append(
    h('h1', {}, now ? t('page.change.title') : t(`page.overview.${protocols.includes('imap') ? 'new' : 'send'}`), now && h('small', {}, key)),
    h('p', { class: 'notice', hidden: !draft }, t('page.form.draft')),
    h('form', { class: 'wish', novalidate: true, oninput: changed, onsubmit: event => event.preventDefault() },
      now ? null : field('name', fields),
      field('displayName', fields), field('mailboxes', fields, filesFor(fields.mailboxes), h('output', { id: 'mailboxes-read', class: 'hint' })),
      h('fieldset', { class: 'protocols', 'aria-describedby': 'protocols-hint protocols-wrong' }, h('legend', {}, t('page.form.protocols')),
        h('p', { class: 'hint', id: 'protocols-hint' }, t('page.form.protocolsHint')),
        PROTOCOLS.map(one => h('div', { class: 'check' }, fields[one], h('label', { for: one }, t(`page.form.${one}`)))),
        h('p', { class: 'wrong', id: 'protocols-wrong' })),
      field('sendAs', fields),
      field('days', fields, h('output', { id: 'days-read', class: 'hint' })),
      h('div', { class: 'check' }, fields.enableImap, h('label', { for: 'enableImap' }, t('page.form.enableImap')),
        h('p', { class: 'hint', id: 'enableImap-hint' }, t('page.form.enableImapHint'))),
      h('div', { class: 'check' }, fields.byRole, h('label', { for: 'byRole' }, t('page.form.byRole')),
        h('p', { class: 'hint', id: 'byRole-hint' }, t('page.form.byRoleHint'))),
      h('div', { class: 'actions' },
        button(t('page.plan.show'), look, { class: 'primary', id: 'show-plan', type: 'submit' }),
        quiet(t('page.form.throwAway'), throwAway))),
    plan);
  describe(fields, now);
  deployment().then(health => {
    fields.days.placeholder = health?.secretLifetimeDays ?? '';
    if (!signal.aborted) describe(fields, now);
  }).catch(complain);
}

const differing = (fields, base) =>
  Object.fromEntries(Object.entries(fields).filter(([id, value]) => JSON.stringify(value) !== JSON.stringify(base[id])));

const fieldsOf = ({ connection, mailboxes }) => ({
  name: connection.name, displayName: connection.displayName, mailboxes: mailboxes.map(entry => entry.requested).join('\n'),
  sendAs: connection.wanted.sendAs.join('\n'),
  days: String(connection.wanted.lifetimeDays ?? ''), enableImap: SWITCHES.some(one => connection.wanted[one]),
  byRole: connection.wanted.roleBasedSending,
  ...chosen(connection.wanted.protocols),
});

const chosen = protocols => Object.fromEntries(PROTOCOLS.map(one => [one, protocols.includes(one)]));

function controls(start) {
  const text = (id, more) =>
    h('input', { id, value: start[id], autocomplete: 'off', 'aria-describedby': `${id}-hint ${id}-wrong`, ...more });
  return {
    name: text('name', { maxlength: 40, spellcheck: 'false', required: true }),
    displayName: text('displayName', { maxlength: 120 }),
    mailboxes: h('textarea', {
      id: 'mailboxes', value: start.mailboxes, rows: 8, spellcheck: 'false', required: true,
      'aria-describedby': 'mailboxes-hint mailboxes-read mailboxes-wrong',
    }),
    sendAs: h('textarea', {
      id: 'sendAs', value: start.sendAs, rows: 2, spellcheck: 'false', 'aria-describedby': 'sendAs-hint sendAs-wrong',
    }),
    ...Object.fromEntries(PROTOCOLS.map(id => [id, h('input', { type: 'checkbox', id, checked: start[id] })])),
    days: text('days', { inputmode: 'numeric', 'aria-describedby': 'days-hint days-read days-wrong' }),
    enableImap: h('input', { type: 'checkbox', id: 'enableImap', checked: start.enableImap, 'aria-describedby': 'enableImap-hint' }),
    byRole: h('input', { type: 'checkbox', id: 'byRole', checked: start.byRole, 'aria-describedby': 'byRole-hint' }),
  };
}

const field = (id, fields, ...more) => h('div', { class: 'field' },
  h('label', { for: id }, t(`page.form.${id}`)),
  h('p', { class: 'hint', id: `${id}-hint` }, t(`page.form.${id}Hint`)),
  fields[id], more, h('p', { class: 'wrong', id: `${id}-wrong` }));

// What has been understood of the list, and which day the lifetime gives.
function describe(fields, now) {
  describeList(fields.mailboxes.value, now?.mailboxes);
  const sends = SENDING.some(one => fields[one].checked);
  fields.sendAs.parentElement.hidden = !sends && !fields.sendAs.value;
  fields.byRole.parentElement.hidden = !sends;
  const days = Number(fields.days.value || fields.days.placeholder);
  const told = Number.isInteger(days) && days >= 1 && days <= 730
    ? t('page.form.until', { day: day(new Date(time() + days * DAY).toISOString()) }) : '';
  draw(document.getElementById('days-read'), told, text => [text]);
}

// The body that the fields say, or null with the first wrong one marked. Ranges and names are for the API to judge.
function checked(typed, fields, now) {
  for (const id of Object.values(CONTROL).filter(each => fields[each].isConnected)) wrong(fields, id, '');
  document.getElementById('protocols-wrong').textContent = '';
  const read = addresses(typed.mailboxes);
  const senders = addresses(typed.sendAs);
  const found = Object.entries({
    days: typed.days && !/^\d+$/.test(typed.days) && 'page.form.number',
    mailboxes: blocking(read).length ? 'page.form.correct' : !read.list.length && 'page.form.missing',
    sendAs: blocking(senders).length && 'page.form.correct',
    protocols: !PROTOCOLS.some(one => typed[one]) && 'page.form.missing',
    name: !typed.name && 'page.form.missing',
  }).filter(([, text]) => text);
  found.forEach(([id, text]) => wrong(fields, id, t(text))); // the last one, which stands first, has the focus
  if (found.length) return null;
  const lifetimeDays = typed.days ? Number(typed.days) : null;
  const base = now?.connection ?? { name: typed.name, wanted: {} };
  return wish(base, read.list, {
    displayName: typed.displayName || undefined, // the API's own default
    secret: { lifetimeDays }, protocols: PROTOCOLS.filter(one => typed[one]), sendAs: senders.list,
    roleBasedSending: typed.byRole && SENDING.some(one => typed[one]),
    ...Object.fromEntries(PROTOCOLS.map((one, at) => [SWITCHES[at], typed.enableImap && typed[one]])),
  });
}

function wrong(fields, id, text) {
  document.getElementById(`${id}-wrong`).textContent = text;
  if (text && fields[id]) {
    fields[id].setAttribute('aria-invalid', 'true');
    fields[id].focus();
  } else {
    fields[id]?.removeAttribute('aria-invalid');
  }
}

const CONTROL = { name: 'name', displayName: 'displayName', mailboxes: 'mailboxes', sendAs: 'sendAs', 'secret.lifetimeDays': 'days' };

// A field that the API refuses is marked; what concerns none is said above.
function mark(fields, error) {
  const id = CONTROL[error.field?.replace(/\.\d+$/, '')];
  if (id && fields[id].isConnected) wrong(fields, id, `${error.detail} ${error.hint}`);
  else complain(error);
}
