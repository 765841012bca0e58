// What support needs to know, to be read before it is sent: no secret, addresses only in part.

import { get } from '../api.js';
import { copy, h, quiet, save } from '../dom.js';
import { t } from '../texts.js';

export async function report(main, { name, signal }) {
  const text = JSON.stringify(await get('read_report', `api/connections/${name}/report`, signal), null, 2);
  if (signal.aborted) return;
  main.append(
    h('h1', {}, t('page.report.title'), h('small', {}, name)),
    h('p', { class: 'lead' }, t('page.report.what')),
    h('p', { class: 'actions' },
      copy(text, t('page.report.title')),
      quiet(t('page.json'), () => save(`${name}-report.json`, 'application/json', text))),
    h('pre', { tabindex: '0', 'aria-label': t('page.report.title') }, text));
}
