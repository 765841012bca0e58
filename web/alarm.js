// The e-mails of Azure Monitor: what they need to arrive, and one to try it.

import { may, post } from './api.js';
import { announce, button, h } from './dom.js';
import { t } from './texts.js';

export function alarm() {
  const said = h('p', { class: 'notice', id: 'alarm-said', hidden: true });
  const fire = async () => {
    said.textContent = (await post('test_alarm', 'api/test-alarm', null)).body.message;
    said.hidden = false;
    announce(said.textContent);
  };
  return h('section', { id: 'alarm' },
    h('h2', {}, t('page.alarm.title')), h('p', {}, t('page.alarm.what')), h('p', {}, t('page.alarm.passcode')),
    may('test_alarm') && [h('p', { class: 'hint', id: 'alarm-hint' }, t('page.alarm.then')),
      h('p', {}, button(t('page.alarm.fire'), fire, { id: 'test-alarm', 'aria-describedby': 'alarm-hint' }))],
    said);
}
