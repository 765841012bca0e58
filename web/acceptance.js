// Accepting a finding, and taking that back: rights of their own, for the one application that the finding is about.

import { callOwn, whyNot } from './api.js';
import { h, quiet } from './dom.js';
import { moment, t } from './texts.js';

// Resolves to {goesOn, message}: whether a set-up runs that looks again by itself, and what happens next, in words.
export const accept = (name, { id, applicationId }) =>
  callOwn('accept_finding', 'POST', `api/connections/${name}/accept`, { id, applicationId });

const withdraw = (name, { id }) =>
  callOwn('withdraw_acceptance', 'DELETE', `api/connections/${name}/accept/${encodeURIComponent(id)}`);

// What somebody has accepted, who and when. `withdrawn` is called with the words for what happens next.
export const acceptances = (kept, name, withdrawn) => !kept.length ? [] : [
  h('h2', {}, t('page.accepted.title')),
  h('p', { class: 'hint' }, t('page.accepted.what')),
  h('ul', { class: 'rows accepted' }, kept.map(one => h('li', {},
    h('p', {}, one.message),
    h('p', { class: 'small' }, t('page.accepted.since', { by: one.by, time: moment(one.acceptedOn), application: one.applicationId })),
    h('p', {}, whyNot('withdraw_acceptance') ? h('small', {}, whyNot('withdraw_acceptance')) : quiet(t('page.accepted.withdraw'), async () => withdrawn((await withdraw(name, one)).message),
      { id: `withdraw-${one.id}-${one.applicationId}`, 'aria-label': t('page.accepted.withdrawWhat', { message: one.message }) }))))),
];
