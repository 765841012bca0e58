// Who is told what happens: all targets, and a new one.

import { alarm } from '../alarm.js';
import { get, may } from '../api.js';
import { fact, h, link } from '../dom.js';
import { leads } from '../routes.js';
import { targetForm, told } from '../target-form.js';
import { moment, t } from '../texts.js';

export async function targets(main, { signal }) {
  const { items, unreadable } = await get('list_targets', 'api/targets', signal);
  if (signal.aborted) return;
  main.append(
    h('h1', {}, t('page.targets.title')), h('p', { class: 'lead' }, t('page.targets.lead')),
    items.length ? h('ul', { class: 'rows connections', id: 'targets' }, items.map(row)) : h('p', {}, t('page.targets.none')),
    ...unreadable.map(name => h('p', { class: 'notice warning' }, t('page.targets.unreadable', { name }))));
  if (may('put_target')) {
    const added = name => { location.hash = `#/targets/${name}`; };
    main.append(h('details', { id: 'add-target', open: items.length === 0 },
      h('summary', {}, t('page.targets.new')), targetForm(null, added)));
  }
  main.append(alarm());
}

export const standing = ({ enabled, goneOn, failingSince }) => [
  h('span', { class: `state ${enabled ? 'ready' : 'cancelled'}` }, t(`page.targets.${enabled ? 'on' : 'off'}`)),
  goneOn && [' ', h('span', { class: 'tag' }, t('page.targets.gone', { on: moment(goneOn) }))],
  enabled && failingSince && [' ', h('span', { class: 'tag' }, t('page.targets.failing', { since: moment(failingSince) }))],
];

export const chosen = events => events.length ? events.map(told).join(', ') : t('page.targets.allEvents');

const row = target => h('li', {},
  h('h2', {}, leads('target') ? link(target.name, `#/targets/${target.name}`, { id: `to-${target.name}` }) : target.name,
    h('small', {}, target.host)),
  h('p', {}, standing(target)),
  h('dl', { class: 'facts' }, fact(t('page.targets.format'), t(`page.targets.formats.${target.format}`)),
    fact(t('page.targets.events'), chosen(target.events))));
