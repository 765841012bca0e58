// What a person types into the UTM: the three values as in its form, the secret only when it is asked for.

import { get, may } from '../api.js';
import { copy, fact, h, inBoth, link, listed } from '../dom.js';
import { now } from '../now.js';
import { leads } from '../routes.js';
import { banner, ENDS } from '../rotation.js';
import { day, end, language, moment, t } from '../texts.js';
import { certificate, hidden, value } from '../values.js';

const NAMED = 20;

export async function handOver(main, { name, signal }) {
  const path = `api/connections/${name}/parameters`;
  const values = await get('read_parameters', `${path}?secret=reference`, signal);
  const seen = may('read_connection') ? await get('read_connection', `api/connections/${name}?top=1`, signal) : null;
  if (signal.aborted) return;
  const certified = values.secret.kind === 'certificate';
  const unproven = new Set(values.mail.unproven);
  const proven = values.mail.mailboxes.filter(address => !unproven.has(address));
  const secret = async () => (await get('read_parameters', path, signal)).clientSecret;
  main.append(...[
    h('h1', {}, t('page.handOver.title'), h('small', {}, name)),
    h('p', { class: 'lead' }, certified ? t('page.certificate.values') : t('page.handOver.what')),
    banner(name, values.rotation),
    proof(values, seen),
    values.secret.usedSince && h('p', { class: 'hint' }, t('label.usedSince', { since: day(values.secret.usedSince) })),
    h('section', { class: 'card', 'aria-label': t('page.handOver.form') },
      h('p', {}, t('label.provider'), ': ', h('strong', {}, values.provider)),
      value('applicationId', values.applicationId, values),
      value('tenantId', values.tenantId, values),
      certified ? certificate(values) : hidden(secret, values, signal),
      h('p', { class: 'hint' }, t('label.tenantHint'))),
    h('dl', { class: 'facts' },
      fact(t(ENDS[values.secret.kind]), end(values.secret.expiresOn)),
      values.servers.map(one => fact(one.protocol.toUpperCase(), place(one), h('br'), one.uses[language()]))),
    h('section', {},
      h('h2', {}, t('page.handOver.where')),
      h('dl', { class: 'places' }, values.generations.map(one => fact(one.name, one.where[language()])))),
    proven.length > 0 && h('section', {},
      h('h2', {}, t('label.mailboxes')),
      h('p', {}, t('page.handOver.addresses')),
      h('textarea', { readonly: true, rows: Math.min(proven.length, 8), 'aria-label': t('label.mailboxes'), value: proven.join('\n') }),
      copy(proven.join('\n'), t('label.mailboxes')),
      proven.some(one => values.mail.written[one]) && listed(proven.filter(one => values.mail.written[one])
        .map(one => inBoth(one, values.mail.written[one])), NAMED)),
    checks(values),
    h('p', { class: 'actions' }, leads('sheet') && link(t('page.sheet.title'), `#/c/${name}/sheet`, { class: 'button' })),
  ].filter(Boolean));
}

const place = ({ host, port, security }) => `${host}:${port} (${security})`;

function proof(values, seen) {
  const when = seen?.steps.at(-1).ended;
  if (new Date(values.secret.expiresOn) <= now()) {
    return h('p', { class: 'notice warning' }, t(values.secret.kind === 'certificate' ? 'label.certificateExpired' : 'label.expired'), ' ', end(values.secret.expiresOn));
  }
  if (!values.verified && values.mail.unproven.length) return partly(values.mail);
  if (!values.verified) return h('p', { class: 'notice warning' }, t('page.verifying'));
  return h('p', { class: 'notice good' }, h('span', { 'aria-hidden': 'true' }, '✔ '),
    when ? t('page.handOver.provenAt', { time: moment(when) }) : t('page.handOver.proven'));
}

// What has not opened is no address to enter yet: it may not even exist.
function partly({ mailboxes, unproven, written }) {
  const [number, total] = [mailboxes.length - unproven.length, mailboxes.length];
  return h('div', { class: 'notice warning' },
    h('p', {}, t('page.handOver.partly', { number, total })),
    listed(unproven.map(one => inBoth(one, written[one])), NAMED));
}

// What to look at where the UTM does not get through although the proof from Azure has succeeded.
function checks({ oauth2, servers }) {
  const mail = servers.map(({ host, port }) => `${host}:${port}`).join(', ');
  const filled = { login: new URL(oauth2.tokenUrl).host, mail };
  return h('section', {},
    h('h2', {}, t('page.handOver.checks')),
    h('p', {}, t('page.handOver.checksWhat')),
    h('ul', {}, ['login', 'mail', 'clock', 'address', 'signIn'].map(part => h('li', {}, t(`page.handOver.check.${part}`, filled)))));
}
