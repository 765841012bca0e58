// The mailboxes of a connection: filtered by state and text, drawn a part at a time so that 5,000 of them do no harm.

import { complain, draw, h, inBoth, quiet, state } from '../dom.js';
import { findingCards, pointer, words } from '../finding.js';
import { count, moment, t } from '../texts.js';
import { mailboxes } from '../wish.js';

const SHOWN = 100;
const STATES = ['action-required', 'waiting', 'pending', 'open', 'removed'];
const AT_LEAST = 5000;

// Returns {element, update, only}: `update` takes the connection as it was just seen, and reads the list where its counts
// have moved; and what returns the finding that tells the same elsewhere on the page, or null.
export function mailboxList(name, signal) {
  let all = [];
  let most = SHOWN;
  let read = null;
  let reading = false;
  let next = 0;
  let told = () => null;
  const text = h('input', { type: 'search', id: 'mailbox-text', oninput: () => show(true), autocomplete: 'off' });
  const which = h('select', { id: 'mailbox-state', onchange: () => show(true) });
  const found = h('p', { role: 'status', id: 'mailbox-count' });
  const rows = h('ul', { class: 'rows mailboxes' });
  const more = quiet(t('page.mailboxes.more'), () => { most += SHOWN; show(); }, { hidden: true });
  const element = h('section', { 'aria-labelledby': 'mailboxes' },
    h('h2', { id: 'mailboxes' }, t('page.mailboxes.title')),
    h('div', { class: 'filter' },
      h('div', {}, h('label', { for: 'mailbox-state' }, t('page.mailboxes.state')), which),
      h('div', {}, h('label', { for: 'mailbox-text' }, t('page.mailboxes.text')), text)),
    found, rows, more);

  function show(anew = false) {
    if (anew) most = SHOWN;
    const wanted = text.value.trim().toLowerCase();
    const fitting = all.filter(entry => (!which.value || entry.state === which.value)
      && (!wanted || `${entry.requested} ${entry.address ?? ''} ${entry.written ?? ''}`.toLowerCase().includes(wanted)));
    draw(found, [fitting.length, all.length], ([number, total]) => [count('page.mailboxes.found', number, { total })]);
    draw(rows, fitting.slice(0, most).map(entry => [entry, entry.finding && told(entry.finding)]), list => list.map(row));
    more.hidden = fitting.length <= most;
  }

  async function update(seen, card) {
    const { counts, total } = seen.mailboxes;
    told = card;
    element.hidden = total === 0;
    const back = seen.operation === 'remove';
    draw(which, [counts, total, back], () => {
      const chosen = which.value;
      const options = [['', t('page.mailboxes.all'), total], ...STATES.filter(each => counts[each] || !back && each !== 'removed').map(each => [each, t(`state.${each}`), counts[each] ?? 0])];
      return options.map(([value, label, number]) => h('option', { value, selected: value === chosen }, `${label} (${number})`));
    });
    if (read !== null) show();
    // The last two steps' records move with each look at a mailbox, also where the counts do not.
    const now = JSON.stringify([seen.revision, counts, seen.state, seen.steps.slice(-2)]);
    if (now === read || reading || Date.now() < next) return;
    reading = true;
    try {
      all = await mailboxes(name, signal);
      read = now;
      // A long list is not read again at every step of a long proof.
      next = all.length > SHOWN ? Date.now() + AT_LEAST : 0;
      show();
    } catch (error) {
      if (!signal.aborted && error.code !== 'list-changed') complain(error);
    } finally {
      reading = false;
    }
  }

  // Show only those in a state, and lead there.
  function only(wanted) {
    which.value = wanted;
    show(true);
    element.scrollIntoView();
    which.focus();
  }

  return { element, update, only };
}

function row([entry, elsewhere]) {
  const other = entry.address && entry.address !== entry.requested;
  return h('li', {},
    h('p', { class: 'address' }, inBoth(entry.address ?? entry.requested, entry.written),
      other && h('small', {}, t('page.mailboxes.asked', { address: entry.requested }))),
    h('p', {}, state(entry.state)),
    h('p', { class: 'small' }, entry.provenOn && t('page.mailboxes.proven', { time: moment(entry.provenOn) }),
      elsewhere && pointer(elsewhere, { id: `see-${entry.requested}` })),
    entry.finding && !elsewhere && h('details', { id: `about-${entry.requested}` },
      h('summary', {}, words(entry.finding)), findingCards([entry.finding])));
}
