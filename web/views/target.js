// One target: how it stands, what it was sent and what came of that, and what may be done about it.

import { call, get, may, post } from '../api.js';
import { announce, button, draw, fact, h, quiet } from '../dom.js';
import { done, lookNow, poll } from '../poll.js';
import { cell, row, table } from '../table.js';
import { targetForm, told } from '../target-form.js';
import { duration, moment, t } from '../texts.js';
import { chosen, standing } from './targets.js';

const COLUMNS = ['event', 'when', 'outcome', 'answer', 'again'];

export async function target(main, { name, signal }) {
  const path = `api/targets/${name}`;
  const about = h('section', { id: 'target-now' });
  const said = h('p', { class: 'notice', hidden: true });
  const sent = h('section', { id: 'target-sent' });
  const first = await get('read_target', path, signal);
  if (signal.aborted) return;
  main.append(
    h('h1', {}, name, h('small', {}, first.host)), about, said, sent, ...changes(first, path));
  await poll(async () => {
    const one = await get('read_target', path, signal);
    draw(about, one, () => facts(one, path, said));
    const { items, more } = may('list_deliveries') ? await get('list_deliveries', `${path}/deliveries`, signal) : { items: null, more: 0 };
    draw(sent, [one.enabled, items, more], () => items && [deliveries(one, items, path), more > 0 && h('p', {}, t('page.targets.more', { number: more }))]);
    return [one, items];
  }, signal);
}

function facts(one, path, said) {
  const test = async () => {
    said.textContent = (await post('test_target', `${path}/test`, null)).body.message;
    said.hidden = false;
    announce(said.textContent);
    lookNow();
  };
  const turn = () => done(call('put_target', 'PUT', path, { body: { enabled: !one.enabled } }));
  return [
    h('p', {}, standing(one)),
    h('dl', { class: 'facts' }, fact(t('page.targets.format'), t(`page.targets.formats.${one.format}`)),
      fact(t('page.targets.events'), chosen(one.events)), fact(t('page.targets.secret'), h('code', {}, one.secretUri))),
    h('p', { class: 'actions' },
      may('test_target') && one.enabled && button(t('page.targets.test'), test, { class: 'primary', id: 'target-test' }),
      may('put_target') && button(t(`page.targets.turn${one.enabled ? 'Off' : 'On'}`), turn, { id: 'target-turn' })),
  ];
}

function deliveries(one, items, path) {
  const columns = COLUMNS.map(part => t(`page.targets.columns.${part}`));
  const rows = items.map(item => row(columns, delivery(one, item, path)));
  return [
    h('h2', {}, t('page.targets.deliveries')),
    rows.length === 0 ? h('p', {}, t('page.targets.nothingSent')) : table(t('page.targets.deliveries'), columns, rows, { id: 'sent' }),
  ];
}

function delivery(one, item, path) {
  const again = () => done(post('resend_delivery', `${path}/deliveries/${item.id}/resend`, null));
  return [
    cell([told(item.type), item.connection && [h('br'), h('small', {}, item.connection)]]),
    cell(moment(item.time)),
    cell([t(`deliveryState.${item.state}`), item.due && [h('br'), h('small', {}, t('page.targets.due', { due: moment(item.due) }))]]),
    cell([item.status !== null && `HTTP ${item.status} `, item.message, item.tries > 0 && h('small', {}, h('br'),
      t('page.targets.tries', { tries: item.tries, seconds: duration(item.seconds ?? 0) }))]),
    cell(may('resend_delivery') && one.enabled
      && quiet(t('page.targets.resend'), again, { id: `resend-${item.id}`, 'aria-label': t('page.targets.resendWhat', { type: told(item.type) }) })),
  ];
}

function changes(first, path) {
  const saved = async () => { await done(Promise.resolve()); };
  const go = async () => {
    await call('remove_target', 'DELETE', path);
    location.hash = '#/targets';
  };
  return [
    may('put_target') && h('details', { id: 'change-target' }, h('summary', {}, t('page.targets.change')),
      h('p', { class: 'hint' }, t('page.targets.changeWhat')), targetForm(first, saved)),
    may('remove_target') && h('details', { id: 'remove-target' }, h('summary', {}, t('page.targets.remove')),
      h('p', {}, t('page.targets.removeWhat')), quiet(t('page.targets.remove'), go, { id: 'target-remove' })),
  ].filter(Boolean);
}
