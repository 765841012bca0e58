// What can be done with a connection: the one thing that is next as a button, the rest in a menu.

import { may, post } from './api.js';
import { button, h, outward, unless } from './dom.js';
import { menu } from './menu.js';
import { AT_WORK, STOPS } from './next.js';
import { done } from './poll.js';
import { over, stage } from './rotation.js';
import { leads } from './routes.js';
import { t } from './texts.js';

const RESTING = ['ready', 'failed', 'cancelled', 'interrupted', 'action-required'];
const OFFERED = ['hand-over', 'renewal', 'change', 'verify', 'again', 'stop', 'sheet', 'history', 'report', 'remove'];

// Every action: `possible` or why not, and what it does or where it leads. Null where the key does not open it.
function every(seen, next, { stopping, stop, repair, portal }) {
  const { name, state, operation, secret, rotation, findings } = seen;
  const there = state !== 'removed';
  const offered = rotation?.state === 'offered' && !over(rotation, findings);
  const verify = () => done(post('verify_connection', `api/connections/${name}/verify`));
  const view = (part, label, why) => leads(part) && { id: `to-${part}`, label, href: `#/c/${name}/${part}`, why };
  return {
    'hand-over': view('hand-over', t('page.handOver.title'), !secret && t('page.menu.noSecret')),
    renewal: offered
      ? leads('renewal') && { id: 'to-rotation', label: t(stage(rotation.kind, 'offered', 'way')), href: `#/c/${name}/renewal` }
      : view('renewal', t('page.renewal.title'), !secret && state !== 'action-required' && t('page.menu.noSecret')),
    change: view('change', next === 'change' ? t('page.mailboxes.correct') : t('page.change.title'), null),
    verify: may('verify_connection') && { id: 'verify', label: t('page.verify'), what: t('page.menu.verify'), act: verify, why: !there && t('page.menu.removed') },
    again: leads('again') && { id: 'again', label: t('page.again.title'), what: t('page.menu.again'), href: `#/c/${name}/again`, why: again(state) },
    stop: may('cancel_connection') && { id: 'stop', label: stopping ? t('page.stopping') : t('page.stop'), act: stop, stopping, why: !STOPS.includes(state) && t('page.menu.atRest') },
    sheet: view('sheet', t('page.sheet.title'), !secret && t('page.menu.noSecret')),
    history: view('history', t('page.history.title'), null),
    report: view('report', t('page.report.title'), null),
    remove: view('remove', operation === 'remove' && state === 'action-required' ? t('page.remove.goOn') : t('page.remove.title'), !there && t('page.menu.removed')),
    repair: repair && { id: 'repair', label: t('page.repair.look'), act: repair },
    new: leads('new') && { id: 'to-new', label: t('page.overview.new'), href: '#/new' },
    portal: portal && { id: 'to-portal', label: t('page.menu.portal', { step: t(`step.${portal.step}`) }), outside: portal.action.link },
  };
}

const again = state => !RESTING.includes(state) && (state === 'removed' ? t('page.menu.removed') : t('page.menu.atWork'));

// The row: what is next, how to stop what works, and the menu. Empty where the key opens nothing of it.
export function actions(seen, next, does) {
  const all = every(seen, next, does);
  const main = next && all[next] && !all[next].why ? next : null;
  const stops = main !== 'stop' && all.stop && (does.stopping || AT_WORK.includes(seen.state)) ? ['stop'] : [];
  const rest = OFFERED.filter(one => all[one] && one !== main && !stops.includes(one));
  if (!main && !stops.length && !rest.length) return null;
  return h('div', { class: 'actions' },
    main && drawn(all[main], 'button primary'), stops.map(one => drawn(all[one], 'button')),
    rest.length > 0 && menu(t('page.menu.title'), rest.map(one => drawn(all[one], 'item'))));
}

function drawn({ id, label, what, href, outside, act, why, stopping }, looks) {
  const words = [h('span', {}, label), looks === 'item' && (why || what) && h('small', {}, why || what)];
  if (outside) return outward(label, outside, { id, class: looks });
  if (href && !why) return h('a', { id, class: looks, href }, words);
  if (href) return h('a', { id, class: looks, role: 'link', ...unless(false) }, words);
  return button(words, act, { id, class: looks, ...unless(!why && !stopping) });
}
