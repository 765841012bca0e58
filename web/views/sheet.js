// The hand-over sheet: what was set up for whom, who may do what and how that is taken back. Never the secret's value.

import { get, may } from '../api.js';
import { expiry } from '../calendar.js';
import { deployment } from '../deployment.js';
import { button, fact, h, inBoth, quiet, reload, save } from '../dom.js';
import { now } from '../now.js';
import { bash, powershell } from '../quoting.js';
import { ENDS } from '../rotation.js';
import { cell, heading, row, table } from '../table.js';
import { count, day, known, moment, t } from '../texts.js';
import { mailboxes } from '../wish.js';

const WRITES = ['New-ServicePrincipal', 'Remove-ServicePrincipal', 'Add-MailboxPermission', 'Remove-MailboxPermission', 'Set-CASMailbox',
  'Add-RecipientPermission', 'Remove-RecipientPermission'];
const MAILBOX = ['address', 'proven', 'access'];
const COLUMNS = ['right', 'reason', 'holder', 'revoke'];

const LOOKS = 3; // what a service has just refused to tell, it often tells a moment later
const PAUSE = 1000;

export async function sheet(main, { name, signal }) {
  const [connection, list, health] = await Promise.all([
    get('read_connection', `api/connections/${name}?top=1`, signal), mailboxes(name, signal), whole(signal)]);
  const parameters = may('read_parameters') && connection.secret
    ? await get('read_parameters', `api/connections/${name}/parameters?secret=reference`, signal) : null;
  if (signal.aborted) return;
  const content = contents(connection, list, health, parameters);
  const again = button(t('page.sheet.again'), async () => {
    const seen = await whole(signal);
    if (!signal.aborted && !unread(seen).length) reload();
  });
  main.append(
    h('div', { class: 'screen' },
      h('p', { class: 'hint' }, t('page.sheet.language')),
      h('p', { class: 'actions' },
        button(t('page.sheet.print'), () => print(), { class: 'primary' }),
        quiet(t('page.json'), () => save(`${name}.json`, 'application/json', JSON.stringify(content, null, 2))),
        connection.secret && quiet(t('page.sheet.calendar'), () => save(`${name}.ics`, 'text/calendar', calendar(content)))),
      content.missing.length > 0 && h('div', { class: 'notice warning', role: 'alert' }, h('p', {}, incomplete(content)), again)),
    paper(content));
}

// Health with all that it can tell: a look that failed is repeated, since a sheet with less looks just as whole.
async function whole(signal) {
  for (let look = 1; ; look += 1) {
    const health = await deployment(0).catch(() => null);
    if (!may('read_health') || look === LOOKS || !unread(health).length || signal.aborted) return health;
    await new Promise(resolve => { setTimeout(resolve, PAUSE); });
  }
}

// What of the app's own rights could not be read; all of it where health itself could not.
const PARTS = ['graph', 'exchange', 'cmdlets', 'vault'];
const unread = health => PARTS.filter(part => !health || health.identity[part] === null || health.identity[part] === undefined);

const incomplete = ({ missing }) => t('page.sheet.incomplete', { parts: missing.map(part => t(`page.sheet.part.${part}`)).join(', ') });

// What the sheet says, as the JSON file has it.
function contents(connection, list, health, parameters) {
  return {
    customer: connection.label,
    connection: connection.name,
    displayName: connection.displayName,
    state: connection.state,
    version: health?.version ?? null,
    written: new Date(now()).toISOString(),
    ids: connection.ids,
    secret: connection.secret,
    provider: parameters?.provider ?? null,
    servers: parameters && parameters.servers.map(one => server(one, parameters.generations)),
    rights: rights(connection, health),
    missing: unread(health),
    mailboxes: list.map(entry => ({
      address: entry.address ?? entry.requested, written: entry.written, state: entry.state, provenOn: entry.provenOn, accessGiven: entry.accessGiven,
    })),
  };
}

// A server, and which generations of the UTM can use it with OAuth 2.
function server({ protocol, host, port }, generations) {
  const named = generations.filter(one => one.protocols.includes(protocol)).map(one => one.name);
  return `${protocol.toUpperCase()} ${host}:${port} (${named.join(', ')})`;
}

// A value in a line to run; what is not known is left for the person to fill in.
const filled = (quote, value) => value ? quote(value) : '–';

function rights({ ids, displayName, name, secret, wanted }, health) {
  const { identity } = health ?? { identity: {} };
  const told = (right, holder, values = {}) => {
    const text = known(`page.right.${key(right)}.why`) ? key(right) : 'other';
    const way = `page.right.${text}.revoke`;
    const revoke = known(way) ? t(way, values) : t('page.right.grant', values);
    return { right, holder, reason: t(`page.right.${text}.why`, values), revoke };
  };
  const application = t('page.sheet.holds.application', { name: displayName, id: ids.applicationId ?? '–' });
  const managed = t('page.sheet.holds.identity', { id: identity.objectId ?? '–' });
  // What could not be read is not left out: whoever signs the sheet takes it for whole.
  const writes = WRITES.filter(cmdlet => identity.cmdlets?.includes(cmdlet));
  const grant = { identity: filled(bash, identity.objectId), tenant: filled(bash, health?.tenantId) };
  return [
    ...wanted.roles.map(role => told(role, application, { id: ids.enterpriseApplicationId ?? '–' })),
    ...wanted.exchangeRoles.map(role => told(role, application, { id: filled(powershell, ids.enterpriseApplicationId) })),
    ...(wanted.roles.length || !wanted.exchangeRoles.length ? [told('FullAccess', application, { name, id: filled(powershell, ids.enterpriseApplicationId) })] : []),
    ...(wanted.sendAs.length ? [told('SendAs', application, { senders: wanted.sendAs.join(', ') })] : []),
    ...[...(identity.graph ?? []), ...(identity.exchange ?? [])].map(right => told(right, managed, grant)),
    ...(writes.length ? [told('Exchange', managed, { ...grant, cmdlets: writes.join(', ') })] : []),
    ...(unread(health).length ? [{ right: t('page.sheet.unread'), holder: managed, reason: t('page.sheet.unreadWhat'), revoke: '–' }] : []),
    ...(identity.vault ? [told('Key Vault Secrets Officer', managed, { vault: secret?.uri ? new URL(secret.uri).host : '–' })] : []),
  ];
}

// What full access comes to, which depends on what else there is.
const fullAccess = rights => rights.includes('FullAccess')
  && h('p', {}, rights.includes('SMTP.SendAsApp') ? t('page.sheet.fullAccessSends') : t('page.sheet.fullAccess'));

// A line to write on, on the screen or on paper.
const line = part => h('label', { class: 'line' }, h('input', { autocomplete: 'off', spellcheck: 'false' }), t(`page.sheet.${part}`));

// A long name may break after its dots.
const breakable = name => name.split('.').flatMap((part, index) => index ? ['.', h('wbr'), part] : [part]);

const key = right => right.replaceAll(/[. ]/g, '-');

function paper(content) {
  const { ids, secret } = content;
  return h('article', { class: 'paper' },
    h('h1', {}, t('page.sheet.title'),
      h('small', {}, t('page.sheet.written', { time: moment(content.written), version: content.version ?? '–' }))),
    h('dl', { class: 'sheet' },
      fact(t('page.sheet.customer'), content.customer || '–'),
      fact(t('label.connection'), `${content.connection} (${content.displayName})`),
      fact(t('page.tenantId'), ids.tenantId ?? '–'),
      fact(t('label.applicationId'), ids.applicationId ?? '–'),
      fact(t('page.objectId'), ids.enterpriseApplicationId ?? '–'),
      fact(t('page.mailboxes.state'), t(`state.${content.state}`)),
      content.provider && fact(t('label.provider'), content.provider),
      content.servers && fact(t('page.sheet.servers'), content.servers.join(', ')),
      secret && fact(t('page.keyId'), secret.keyId),
      secret && fact(t(ENDS[secret.kind]), day(secret.expiresOn)),
      secret?.uri && fact(t('page.sheet.lies'), secret.uri),
      secret?.thumbprints && fact(t('label.certificate'), `SHA-1 ${secret.thumbprints.sha1}`)),
    h('h2', {}, t('page.sheet.renew')),
    h('p', {}, t(secret?.kind === 'certificate' ? 'page.certificate.renewWhat' : 'page.sheet.renewWhat')),
    line('renewer'),
    h('h2', {}, t('page.sheet.rights')),
    listing(t('page.sheet.rights'), COLUMNS, content.rights, (entry, index, all) => [
      heading(breakable(entry.right)), cell(entry.reason), ...['holder', 'revoke'].map(part => shared(part, entry, index, all))]),
    fullAccess(content.rights.map(entry => entry.right)),
    h('h2', {}, count('page.sheet.mailboxes', content.mailboxes.length)),
    listing(t('label.mailboxes'), MAILBOX, content.mailboxes, entry => [
      cell(inBoth(entry.address, entry.written), { class: 'address' }),
      cell(entry.state === 'open' ? moment(entry.provenOn) : t('label.no')), cell(access(entry))]),
    content.missing.length > 0
      ? h('p', { class: 'incomplete' }, incomplete(content)) // nobody signs for what the sheet does not say
      : h('div', { class: 'signatures' }, ['from', 'to'].map(line)));
}

function listing(label, parts, entries, cells) {
  const columns = parts.map(part => t(`page.sheet.${part}`));
  return table(label, columns, entries.map((...entry) => row(columns, cells(...entry))));
}

// A cell that says the same as those below it, once for all of them where they stand in columns.
function shared(part, entry, index, all) {
  if (all[index - 1]?.[part] === entry[part]) return cell(entry[part], { class: 'again' });
  const end = all.findIndex((other, place) => place > index && other[part] !== entry[part]);
  return cell(entry[part], { rowspan: (end < 0 ? all.length : end) - index });
}

const access = ({ accessGiven }) => accessGiven ? t('page.sheet.given') : '–';

const calendar = ({ connection, customer, ids, secret }) => expiry({
  uid: secret.keyId,
  expiresOn: secret.expiresOn,
  title: t('page.sheet.event', { name: [customer, connection].filter(Boolean).join(' · ') }),
  description: `${t('page.sheet.eventWhat')}\n${location.origin}${location.pathname}\n${t('page.tenant')}: ${ids.tenantId}`,
});
