// A set-up once more, of what was asked for last: what it would change, then the set-up itself.

import { may, post } from '../api.js';
import { button, h } from '../dom.js';
import { t } from '../texts.js';
import { present, wish } from '../wish.js';
import { planned } from './plan.js';

export async function again(main, { name, signal }) {
  const plan = h('section', { id: 'plan', 'aria-label': t('page.plan.title') });
  const sent = () => { location.hash = `#/c/${name}`; };
  main.append(
    h('h1', {}, t('page.again.title'), h('small', {}, name)), h('p', { class: 'lead' }, t('page.again.what')), plan);
  const now = await present(name, signal);
  if (signal.aborted) return;
  if (now.mailboxes === null) {
    plan.append(...notArranged(name, sent));
    return;
  }
  // Nobody loses access by that, whoever has changed the list meanwhile.
  await planned(plan, wish(now.connection, now.mailboxes.map(entry => entry.requested)), now, signal, sent);
}

// Before its list is arranged nobody can say what would change; a verification takes up the request itself.
const notArranged = (name, sent) => [
  h('p', { class: 'notice warning' }, t('page.again.notYet')),
  may('verify_connection') && h('p', { class: 'actions' }, button(t('page.verify'), async () => {
    await post('verify_connection', `api/connections/${name}/verify`);
    sent();
  }, { class: 'primary', id: 'go' })),
].filter(Boolean);
