// A new secret that is under way: what is said of it wherever its connection is shown.

import { fact, h, link } from './dom.js';
import { leads } from './routes.js';
import { end, moment, t } from './texts.js';

export const ENDS = { secret: 'label.expires', certificate: 'label.certificateEnds' };
export const short = key => key?.slice(0, 8) ?? '–';

// Where the words for one kind of credential stand.
export const words = (kind, part) => kind === 'certificate' ? `page.certificate.${part}` : `page.renewal.${part}`;
export const stage = (kind, state, part) =>
  kind === 'certificate' ? `page.certificate.${state}.${part}` : `page.renewal.${state}.${part}`;

// What is happening, and what a person has to do about it.
export function told(rotation) {
  const { state, kind, keyId, oldWorksUntil } = rotation;
  const until = state === 'retiring' ? moment(oldWorksUntil) : end(oldWorksUntil);
  const old = state === 'offered' && !oldWorksUntil ? t(stage(kind, state, 'oldIsDead'))
    : oldWorksUntil && t(stage(kind, state, 'old'), { end: until });
  return [h('p', {}, t(stage(kind, state, 'what'), { key: short(keyId) })), old && h('p', {}, old)];
}

export const tone = ({ state, oldWorksUntil }) =>
  state !== 'offered' ? 'notice' : `notice ${oldWorksUntil ? 'warning' : 'error'}`;

// The finding that the new one must not be entered any more, where that is so.
export const OVER = { secret: 'offered-secret-gone', certificate: 'offered-certificate-gone' };
export const over = (rotation, findings) =>
  rotation?.state === 'offered' && findings.find(({ code }) => code === OVER[rotation.kind]);

// With a button to the path of the new one, where none stands beside it.
export const banner = (name, rotation, leading = true) => rotation && h('div', { class: tone(rotation), id: 'rotation' },
  h('p', {}, h('strong', {}, t(stage(rotation.kind, rotation.state, 'title')))), told(rotation),
  leading && leads('renewal') && h('p', { class: 'ways' }, link(t(stage(rotation.kind, rotation.state, 'way')), `#/c/${name}/renewal`, { class: 'button', id: 'to-rotation' })));

export const dates = ({ kind, keyId, expiresOn, oldKeyId }) => h('dl', { class: 'facts' },
  keyId && fact(t(words(kind, 'newKey')), h('code', {}, keyId)),
  expiresOn && fact(t(words(kind, 'newEnds')), end(expiresOn)),
  oldKeyId && fact(t('page.renewal.oldKey'), h('code', {}, oldKeyId)));
