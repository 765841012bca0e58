// What can be done about documents of a connection that cannot be read: each way, what it loses, and a button for it.

import { call } from './api.js';
import { button, h } from './dom.js';
import { t } from './texts.js';

const path = name => `api/connections/${name}/repair`;
const asked = (name, way = '') => call('repair_connection', 'POST', `${path(name)}${way}`, { body: null });

// Show the ways in `host`; nothing is changed by that. `repaired` is called when one has been taken.
export async function ways(host, name, repaired) {
  const { body } = await asked(name);
  const take = way => async () => {
    await asked(name, `?from=${way}`);
    host.replaceChildren();
    repaired();
  };
  host.replaceChildren(
    h('h2', { tabindex: '-1' }, t('page.repair.title')),
    h('ul', {}, body.documents.map(({ document, why, version }) => h('li', {}, h('code', {}, document), `: ${why}. `,
      version && t('page.repair.last', { time: version })))),
    ...body.ways.map(one => h('div', { class: 'notice' },
      h('p', {}, one.lost),
      one.listNeeded
        ? h('p', {}, t('page.repair.list', { path: `POST /${path(name)}?from=${one.way}` }))
        : one.possible
          ? button(t(`page.repair.${one.way}`), take(one.way), { id: `repair-${one.way}` })
          : h('p', {}, t('page.repair.impossible')))));
  host.querySelector('h2').focus();
}
