// A finding: what was seen, what it comes from, and the way out of it.

import { whyNot } from './api.js';
import { button, command, h, link, outward, quiet } from './dom.js';
import { t } from './texts.js';

export const OF_ROTATION = [
  'secret-offered', 'utm-needs-new-secret', 'offered-secret-gone', 'rotation-failed', 'secrets-forbidden', 'certificate-offered',
  'utm-needs-certificate', 'offered-certificate-gone', 'certificate-not-proven', 'certificate-needed', 'certificate-expired',
  'certificate-expiring', 'certificate-forbidden', 'certificate-lifetime-refused',
];
const SIGNS = { error: '✘', warning: '!', info: 'i' };

// What is said, with a service's own words set apart: they are English, and nobody's here.
export function words({ message, said }) {
  if (!said) return message;
  const [before, ...after] = message.split(said);
  return after.length ? [before, h('q', { lang: 'en', class: /[„“"]$/.test(before) && 'marked' }, said), after.join(said)] : message;
}

export const findingCards = (findings, does = {}) =>
  h('ul', { class: 'findings' }, findings.map(finding => findingCard(finding, does)));

// What a person may do is called with the finding: `accept` where a request may name it and go on. `renewal` is where the
// path of a new secret is, `linked` says whether its link belongs here, `snooze` makes what puts it to sleep, or null.
function findingCard(finding, { accept, renewal, snooze, linked = () => true }) {
  const { action } = finding;
  return h('li', { class: `finding ${finding.severity}`, id: cardId(finding) },
    h('p', { class: 'kind' },
      h('span', { 'aria-hidden': 'true', class: 'sign' }, SIGNS[finding.severity]),
      h('strong', {}, t(`page.severity.${finding.severity}`)), ` · ${t(`step.${finding.step}`)}`),
    h('p', { class: 'message' }, words(finding)),
    action.text && h('p', {}, action.text),
    action.causes.length > 0 && h('ul', {}, action.causes.map(cause => h('li', {}, cause))),
    action.link && linked(finding) && h('p', {}, outward(t('page.finding.link'), action.link, { class: 'button' })),
    action.link && action.command && h('p', {}, t('page.finding.or')),
    action.command && command(action.command, t('page.finding.command')),
    h('p', { class: 'ways' },
      outward(t('page.finding.help'), finding.help),
      finding.requestId && h('span', { class: 'small' }, t('page.requestId', { id: finding.requestId }))),
    renewal && OF_ROTATION.includes(finding.code) && h('p', { class: 'ways' }, link(t('page.renewal.go'), renewal, { class: 'button' })),
    snooze?.(finding),
    accept && action.accept && [
      h('p', {}, t('page.finding.acceptWhat')),
      whyNot('accept_finding') ? h('p', { class: 'hint' }, whyNot('accept_finding'))
        : button(t('page.finding.accept'), () => accept(finding), { id: `accept-${finding.id}` })]);
}

const cardId = ({ id }) => `finding-${encodeURIComponent(id)}`;

const PLACES = { error: 'page.todo', warning: 'page.notes', info: 'page.known' };

// What leads to the card of a finding that stands on the page already: each thing is told once, with what to do.
export const pointer = (finding, attributes = {}) =>
  quiet(t('page.finding.see', { place: t(PLACES[finding.severity]), step: t(`step.${finding.step}`) }), () => {
    const card = document.getElementById(cardId(finding));
    card.tabIndex = -1;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'center' });
  }, { class: 'see', ...attributes });
