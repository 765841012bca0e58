// A new secret that is under way: what is said of it wherever its connection is shown.

import { fact, h, link } from './dom.js';
import { leads } from './routes.js';
import { end, moment, t } from './texts.js';

export const short = key => key?.slice(0, 8) ?? '–';

// What is happening, and what a person has to do about it.
export function told(rotation) {
  const { state, keyId, oldWorksUntil } = rotation;
  const until = state === 'retiring' ? moment(oldWorksUntil) : end(oldWorksUntil);
  const old = state === 'offered' && !oldWorksUntil ? t('page.renewal.offered.oldIsDead')
    : oldWorksUntil && t(`page.renewal.${state}.old`, { end: until });
  return [h('p', {}, t(`page.renewal.${state}.what`, { key: short(keyId) })), old && h('p', {}, old)];
}

export const tone = ({ state, oldWorksUntil }) =>
  state !== 'offered' ? 'notice' : `notice ${oldWorksUntil ? 'warning' : 'error'}`;

// The finding that the new secret must not be entered any more, where that is so.
export const over = (rotation, findings) =>
  rotation?.state === 'offered' && findings.find(({ code }) => code === 'offered-secret-gone');

export const banner = (name, rotation) => rotation && h('div', { class: tone(rotation), id: 'rotation' },
  h('p', {}, h('strong', {}, t(`page.renewal.${rotation.state}.title`))), told(rotation),
  leads('renewal') && h('p', { class: 'ways' }, link(t(`page.renewal.${rotation.state}.way`), `#/c/${name}/renewal`, { class: 'button', id: 'to-rotation' })));

export const dates = ({ keyId, expiresOn, oldKeyId }) => h('dl', { class: 'facts' },
  keyId && fact(t('page.renewal.newKey'), h('code', {}, keyId)),
  expiresOn && fact(t('page.renewal.newEnds'), end(expiresOn)),
  oldKeyId && fact(t('page.renewal.oldKey'), h('code', {}, oldKeyId)));
