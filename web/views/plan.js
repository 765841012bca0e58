// What a request would change, each change with its reason, before anything is changed; then the request itself.

import { accept } from '../acceptance.js';
import { get, pages, post, Problem } from '../api.js';
import { announce, button, complain, h, inBoth, link, listed, reload } from '../dom.js';
import { findingCards } from '../finding.js';
import { poll } from '../poll.js';
import { count, known, t, written } from '../texts.js';
import { difference } from '../wish.js';

const NAMED = 200;

// Have a plan made, wait for it, and return it; null where somebody has left meanwhile. `ask` asks the API for it.
export async function made(host, name, ask, signal) {
  host.replaceChildren(h('p', { class: 'working', role: 'status' }, t('page.plan.working')));
  host.scrollIntoView({ block: 'nearest' }); // it comes below what was pressed
  let plan = null;
  try {
    const accepted = await ask();
    const path = `api/connections/${name}/plan`;
    // There is one plan for a name: somebody else's may have taken the place of this one.
    const own = seen => {
      if (seen.id !== accepted.body.plan) throw new Problem(404, { title: t('page.plan.title'), detail: t('page.plan.replaced') });
      return seen;
    };
    await poll(async () => {
      const seen = own(await get('read_plan', `${path}?top=1`, signal));
      if (!seen.ended && seen.state === 'running') return seen.started;
      plan = seen;
      return null;
    }, signal);
    if (plan?.ended) plan = await whole(path, own, signal);
  } catch (error) {
    host.replaceChildren();
    throw error;
  }
  if (signal.aborted || !plan) return null;
  announce(t('page.plan.ready'));
  return plan;
}

// Ask what `body` would change, draw it into `host`, and offer to do it. `sent` is called when it has been accepted.
export async function planned(host, body, now, signal, sent) {
  const plan = await made(host, body.name, () => post('create_connection', 'api/connections?dryRun=true', body, signal), signal);
  if (!plan) return;
  const accepting = async finding => {
    await accept(body.name, finding);
    await planned(host, body, now, signal, sent);
  };
  show(host, shown(plan, body, now, sent, accepting));
}

// Draw a plan, and begin at its title: for the eyes, the keyboard and who has it read out.
export function show(host, content, block = 'start') {
  const title = h('h2', { id: 'plan-title', tabindex: '-1' }, t('page.plan.title'));
  host.replaceChildren(title, ...content.flat(Infinity).filter(Boolean));
  title.focus({ preventScroll: true });
  title.scrollIntoView({ block });
}

async function whole(path, own, signal) {
  const plan = own(await get('read_plan', `${path}?top=500`, signal));
  if (plan.next === null) return plan;
  const items = seen => ({ items: own(seen).changes, next: seen.next });
  const rest = pages('read_plan', path, items, signal, plan.next);
  for await (const changes of rest) plan.changes.push(...changes);
  return plan;
}

function shown(plan, body, now, sent, accepting) {
  if (!plan.ended) return [h('p', { class: 'notice error' }, t('page.plan.interrupted'))];
  if (!now && plan.revision > 0) {
    return [h('p', { class: 'notice warning' }, t('page.plan.exists', { name: body.name })),
      link(t('page.change.title'), `#/c/${body.name}/change`, { class: 'button' })];
  }
  if (now && plan.revision !== now.connection.revision) {
    return [h('p', { class: 'notice warning' }, t('page.plan.outdated')),
      button(t('page.plan.reload'), reload, { class: 'primary', id: 'reload' })];
  }
  const inTheWay = plan.findings.filter(finding => finding.severity === 'error');
  const others = plan.findings.filter(finding => finding.severity !== 'error');
  const byHand = plan.changes.filter(change => change.byHand).length;
  return [
    h('p', {}, plan.changes.length ? count('page.plan.changes', plan.changes.length) : plan.complete ? t('page.plan.none') : t('page.plan.unseen'),
      byHand > 0 && ` ${count('page.plan.byHand', byHand)}`, ` ${t('page.plan.nothingYet')}`),
    inTheWay.length > 0 && [inTheWay.every(one => one.step === 'mailboxes') && h('p', {}, t('page.plan.blocked')), findingCards(inTheWay, { accept: accepting })],
    groups(plan, body.protocols?.includes('smtp')),
    others.length > 0 && [h('h3', {}, t('label.findings')), findingCards(others)],
    confirmation(plan, body, now, sent),
  ];
}

// The changes by step, in the order in which they are made; `sends` says whether the connection is for sending.
export const groups = ({ changes }, sends = false) => h('ol', { class: 'plan' },
  [...new Set(changes.map(change => change.step))].map(step => group(changes.filter(change => change.step === step), sends)));

// Each kind of change once: its words, what they mean, why, and on what.
function group(changes, sends) {
  const kinds = Map.groupBy(changes, change => JSON.stringify([change.text, change.reason, change.byHand]));
  return h('li', {}, [...kinds.values()].map(alike => {
    const [first] = alike;
    const subjects = alike.filter(change => change.subject).map(change => inBoth(change.subject, change.written));
    return h('div', { class: 'change' },
      h('h3', {}, first.text, alike.length > 1 && ` × ${written(alike.length)}`,
        first.byHand && h('span', { class: 'tag' }, t('page.plan.you'))),
      meaning(first, sends),
      h('p', { class: 'hint' }, t('page.plan.because', { reason: first.reason })),
      subjects.length > 0 && named(subjects, count('page.plan.subjects', subjects.length)));
  }));
}

// What a right that is given allows.
function meaning({ action, subject }, sends) {
  const right = `page.right.${subject.replaceAll('.', '-')}.why`;
  if (action === 'grant-access') return h('p', {}, sends ? t('page.plan.fullAccessSends') : t('page.plan.fullAccess'));
  return action === 'assign-role' && known(right) && h('p', {}, t(right));
}

// A few are in sight; of many the first, and all of them behind that.
const FEW = 10;
const named = (subjects, title) => subjects.length <= FEW ? listed(subjects, FEW)
  : [listed(subjects.slice(0, FEW), FEW), h('details', {}, h('summary', {}, title), listed(subjects, NAMED))];

// What was typed stays: only what it says differs from the present state is kept, and laid over what is there now.
function outdated(error) {
  complain({ ...error, hint: t('page.plan.outdated') })
    .append(button(t('page.plan.reload'), reload, { class: 'primary', id: 'reload' }));
}

// Who takes access away says so by typing how many mailboxes lose it.
function confirmation(plan, body, now, sent) {
  const leaving = now ? difference(now.mailboxes, body.mailboxes).removed : [];
  const removed = [...new Set(leaving.filter(entry => entry.accessGiven).map(entry => inBoth(entry.address ?? entry.requested, entry.written)))];
  const go = async () => {
    try {
      // No more than was shown, and nothing where somebody has changed the connection meanwhile.
      await post('create_connection', `api/connections?allowRemoval=${removed.length}`, body, undefined, now?.etag);
    } catch (error) {
      if (error.status === 412) outdated(error);
      else throw error;
      return;
    }
    sent(body.name);
  };
  return agreed(removed.length, now && plan.changes.length ? t('page.plan.goChange') : t('page.plan.go'), go, named(removed, t('page.plan.which')));
}

// A button that does something only when the number of mailboxes that lose access was typed, where any does.
export function agreed(number, label, go, which) {
  const typed = h('input', { id: 'removed', inputmode: 'numeric', autocomplete: 'off', 'aria-describedby': 'removed-wrong' });
  const wrong = h('p', { class: 'wrong', id: 'removed-wrong', role: 'alert' });
  const pressed = async () => {
    if (!number || typed.value.trim() === String(number)) return go();
    wrong.textContent = t('page.plan.typeNumber', { number });
    typed.setAttribute('aria-invalid', 'true');
    typed.focus();
    return null;
  };
  return [
    number > 0 && h('div', { class: 'notice warning' },
      h('h3', {}, count('page.plan.removes', number)), which,
      h('label', { for: 'removed' }, t('page.plan.typeNumber', { number })), typed, wrong),
    h('p', { class: 'actions' }, button(label, pressed, { class: 'primary', id: 'go' })),
  ];
}
