// What somebody says of a target: of a new one all of it, of one that is there what is to be otherwise.

import { call } from './api.js';
import { button, copy, h, quiet } from './dom.js';
import { LANGUAGES, language, t } from './texts.js';

const FORMATS = ['teams', 'slack', 'cloudevents'];
export const EVENTS = [
  'connection.ready', 'connection.action_required', 'connection.failed', 'connection.drifted', 'connection.not_readable',
  'connection.recovered', 'connection.removed', 'secret.expiring', 'secret.offered', 'secret.overdue', 'secret.confirmed',
  'secret.retired', 'secret.rotation_failed', 'status',
];
const KEY_BYTES = 32;

export const told = type => t(`event.${type.replaceAll('.', '-')}`);

// The address and the key are sent and never shown again. `sent` is called with the name once the target is written.
export function targetForm(target, sent) {
  const input = (part, more) => h('input', {
    id: `target-${part}`, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `target-${part}-hint`, ...more,
  });
  const choice = (part, values, now, word) => h('select', { id: `target-${part}`, 'aria-describedby': `target-${part}-hint` },
    values.map(value => h('option', { value, selected: value === now }, word(value))));
  const name = input('name', { required: true, maxlength: 24, pattern: '[a-z0-9]+(-[a-z0-9]+)*' });
  const address = input('address', { type: 'url', required: !target, placeholder: target?.host });
  const key = input('key', { placeholder: 'whsec_…' });
  const format = choice('format', FORMATS, target?.format, value => t(`page.targets.formats.${value}`));
  const lang = choice('language', LANGUAGES, target?.language ?? language(), value => (value === 'de' ? 'Deutsch' : 'English'));
  const events = EVENTS.map(value => h('input', {
    type: 'checkbox', id: `target-event-${value}`, value, checked: target?.events.includes(value) ?? false,
  }));
  const make = () => {
    key.value = `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(KEY_BYTES))))}`;
  };
  const go = async () => {
    if (!form.reportValidity()) return;
    const body = { format: format.value, language: lang.value, events: events.filter(one => one.checked).map(one => one.value) };
    if (address.value.trim()) body.address = address.value.trim();
    if (key.value.trim()) body.key = key.value.trim();
    const called = target?.name ?? name.value.trim();
    await call('put_target', 'PUT', `api/targets/${called}`, { body });
    [address.value, key.value] = ['', ''];
    await sent(called);
  };
  const form = h('form', { class: 'wish', onsubmit: event => event.preventDefault() },
    !target && field('name', name), field('address', address), field('format', format), field('language', lang),
    h('fieldset', { class: 'field' }, h('legend', {}, t('page.targets.events')), h('p', { class: 'hint' }, t('page.targets.eventsHint')),
      events.map(one => h('div', { class: 'pair' }, one, h('label', { for: one.id }, told(one.value))))),
    field('key', key, h('div', { class: 'actions' },
      quiet(t('page.targets.makeKey'), make, { id: 'target-make-key' }), copy(() => key.value, t('page.targets.key')))),
    h('div', { class: 'actions' },
      button(t(target ? 'page.targets.save' : 'page.targets.add'), go, { class: 'primary', id: 'target-save', type: 'submit' })));
  return form;
}

const field = (part, control, ...more) => h('div', { class: 'field' },
  h('label', { for: control.id }, t(`page.targets.${part}`)),
  h('p', { class: 'hint', id: `target-${part}-hint` }, t(`page.targets.${part}Hint`)), control, more);
