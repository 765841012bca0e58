// A new credential, as a short path: what happens, the new value, the word that the UTM has it, and what becomes of the old one.

import { call, get, may, post } from '../api.js';
import { certificateForm } from '../certificate.js';
import { button, draw, fact, h, quiet } from '../dom.js';
import { done, lookNow, poll } from '../poll.js';
import { dates, OVER, over, short, stage, told, tone, words } from '../rotation.js';
import { end, t } from '../texts.js';
import { certificate, hidden } from '../values.js';

export async function renewal(main, { name, signal }) {
  const now = h('section', { id: 'renewal-now' });
  main.append(
    h('h1', {}, t('page.renewal.title'), h('small', {}, name)),
    h('p', { class: 'lead' }, t('page.renewal.lead')), now);
  await poll(async () => {
    const { rotation, secret, findings } = await get('read_connection', `api/connections/${name}?top=1`, signal);
    const dead = over(rotation, findings);
    const offers = rotation?.state === 'offered' && !dead && may('read_parameters');
    const values = offers ? await get('read_parameters', `api/connections/${name}/parameters?secret=reference`, signal) : null;
    draw(now, [rotation, secret, values, dead], () => dead ? another(name, dead) : path(name, rotation, secret, values, signal));
    return [rotation, secret, dead];
  }, signal);
}

function path(name, rotation, secret, values, signal) {
  if (!rotation) return BEGIN[secret?.kind ?? 'none'](name, secret);
  return [
    h('div', { class: tone(rotation) }, h('h2', {}, t(stage(rotation.kind, rotation.state, 'title'))), told(rotation)),
    rotation.state === 'offered' && offered(name, rotation, values, signal),
    dates(rotation),
    rotation.state !== 'retiring' && giveUp(name, rotation),
  ];
}

const present = (label, secret, ends) =>
  h('dl', { class: 'facts' }, fact(label, h('code', {}, short(secret.keyId)), '…'), fact(ends, end(secret.expiresOn)));

const renew = (name, secret) => [
  h('ol', { class: 'path' }, ['made', 'entered', 'retired'].map(part => h('li', {}, t(`page.renewal.will.${part}`)))),
  present(t('page.renewal.present'), secret, t('label.expires')),
  h('p', { class: 'actions' },
    rotate(name)),
  certificateForm(name, t('page.certificate.instead')),
];

const rotate = name =>
  button(t('page.renewal.begin'), () => done(post('rotate_secret', `api/connections/${name}/rotate`)), { class: 'primary', id: 'rotate' });

// What was offered is over before anybody has entered it: only another one leads on.
const another = (name, { code, message, action }) => [
  h('div', { class: 'notice warning' }, h('p', {}, message), h('p', {}, action.text)),
  code === OVER.certificate ? certificateForm(name, t('page.certificate.next')) : h('p', { class: 'actions' }, rotate(name)),
];

const certified = (name, secret) => [
  present(t('page.certificate.present'), secret, t('label.certificateEnds')),
  certificateForm(name, t('page.certificate.next')),
  h('details', { id: 'to-secret' }, h('summary', {}, t('page.certificate.back')), h('p', {}, t('page.certificate.backWhat')),
    quiet(t('page.certificate.back'), () => done(post('rotate_secret', `api/connections/${name}/rotate`, { credential: 'secret' })), { id: 'rotate' })),
];

const BEGIN = {
  secret: renew,
  certificate: certified,
  none: name => [h('p', { class: 'notice' }, t('page.renewal.tooEarly')), certificateForm(name, t('page.certificate.instead'))],
};

// The value is of the key that is shown: who comes late with another one is refused by that.
function offered(name, rotation, values, signal) {
  const { kind } = rotation;
  const shown = { key: short(rotation.keyId) };
  const reading = `api/connections/${name}/parameters`;
  const secret = async () => {
    const read = await get('read_parameters', reading, signal);
    if (read.secret.keyId !== rotation.keyId) lookNow();
    return read.clientSecret;
  };
  const entered = () => done(post('confirm_secret', `api/connections/${name}/confirm`, { keyId: rotation.keyId }));
  return h('ol', { class: 'path' },
    h('li', {}, h('h3', {}, t(words(kind, 'copy'))),
      values ? [h('div', { class: 'card' }, kind === 'certificate' ? certificate(values) : hidden(secret, values, signal)),
        rotation.kind === rotation.oldKind && h('p', { class: 'hint' }, t('page.renewal.others'))]
        : h('p', {}, t('page.renewal.notMayRead'))),
    h('li', {}, h('h3', {}, t(words(kind, 'enter'))), h('p', {}, t(words(kind, 'enterWhere')))),
    h('li', {}, h('h3', {}, t('page.renewal.say')), h('p', {}, t('page.renewal.sayWhat')),
      button(kind === 'certificate' ? t('page.certificate.confirm', shown) : t('page.confirm', shown), entered, { class: 'primary', id: 'confirm' })));
}

function giveUp(name, rotation) {
  if (!may('abandon_rotation') || (rotation.state === 'offered' && !rotation.oldWorksUntil)) return null;
  const key = rotation.keyId ? `?keyId=${encodeURIComponent(rotation.keyId)}` : '';
  const go = () => done(call('abandon_rotation', 'DELETE', `api/connections/${name}/rotation${key}`));
  return h('details', { id: 'give-up' }, h('summary', {}, t(words(rotation.kind, 'giveUp'))),
    h('p', {}, t(words(rotation.kind, 'giveUpWhat'))), quiet(t(words(rotation.kind, 'giveUp')), go, { id: 'abandon' }));
}
