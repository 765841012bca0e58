// The eight steps of a connection as they happen: finished ones are one line each, with more behind it.

import { copied, fact, h, state } from '../dom.js';
import { pointer } from '../finding.js';
import { count, duration, known, moment, t } from '../texts.js';

// The figures of Securepoint's article that a step replaces.
const FIGURES = {
  prerequisites: '1', application: '2–7', 'enterprise-application': '12–14', consent: '8–9', secret: '10–11',
  exchange: '15', mailboxes: '15', verification: null,
};
const FOLDED = ['done', 'unchanged', 'pending'];

// `card` returns the finding whose card tells of another one.
export const steps = (seen, card) => seen.steps.length > 0 && [
  h('h2', {}, takesBack(seen) ? t('page.stepsBack') : t('page.steps')),
  h('ol', { class: 'steps' }, seen.steps.map((step, index) => h('li', { class: step.state, id: `step-${step.name}` }, one(step, index, seen, card)))),
];

const takesBack = seen => seen.operation === 'remove';

// What a step is for, and what of the article it replaces; of a removal its changes say it.
const purpose = (step, { wanted }) => [
  h('p', {}, does(step, wanted)),
  h('p', { class: 'small' }, FIGURES[step.name] ? t('page.figures', { figures: FIGURES[step.name] }) : t('page.noFigure')),
];

// Where roles of Exchange take the place of a permission, an administrator gives them.
function does({ name }, { roles, exchangeRoles, protocols }) {
  const values = { roles: [...roles, ...exchangeRoles].join(', '), protocols: protocols.join(', ').toUpperCase() };
  return !roles.length && known(`page.doesByRole.${name}`) ? t(`page.doesByRole.${name}`, values) : t(`page.does.${name}`, values);
}

function one(step, index, seen, card) {
  const head = [
    h('span', { class: 'number', 'aria-hidden': 'true' }, String(index + 1)),
    h('h3', {}, t(`step.${step.name}`)),
    h('span', { class: 'outcome' }, state(step.state), times(step)),
  ];
  const more = h('div', { class: 'about' },
    !takesBack(seen) && purpose(step, seen), came(step, seen, card));
  return FOLDED.includes(step.state)
    ? h('details', { id: `about-${step.name}` }, h('summary', {}, head), more)
    : [h('div', { class: 'head' }, head), more];
}

function times(step) {
  if (!step.started) return null;
  const took = step.ended ? ` · ${duration((new Date(step.ended) - new Date(step.started)) / 1000)}` : '';
  return h('span', { class: 'small' }, moment(step.started), took);
}

// What a step has found and done, with the ids that came of it.
function came(step, seen, card) {
  if (step.state === 'pending') return null;
  const { ids, secret, mailboxes: { counts, total } } = seen;
  const id = (label, value) => value && fact(label, copied(value, label, { id: `copy-${step.name}` }));
  const of = [{
    prerequisites: id(t('page.tenantId'), ids.tenantId),
    application: id(t('label.applicationId'), ids.applicationId),
    'enterprise-application': id(t('page.objectId'), ids.enterpriseApplicationId),
    secret: id(t('page.keyId'), secret?.keyId),
    verification: fact(t('page.overview.proven'), t('page.of', { number: counts.open ?? 0, total })),
  }[step.name]].filter(Boolean);
  const did = [
    step.changes ? count('page.changes', step.changes) : step.ended && step.name !== 'verification' && t('page.noChange'),
    step.waits > 0 && count('page.waits', step.waits),
    step.reason && t('page.waitsFor', { reason: step.reason }),
  ].filter(Boolean).join(' · ');
  const found = new Set(seen.findings.filter(finding => finding.step === step.name).map(card));
  return [
    did && h('p', { class: 'did' }, did), of.length > 0 && h('dl', { class: 'facts' }, of),
    [...found].map((finding, nth) => h('p', {}, pointer(finding, { id: `see-${step.name}-${nth}` }))),
  ];
}
