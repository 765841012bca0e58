// One connection: its eight steps as they happen, what a person has to do, and each mailbox.

import { accept, acceptances } from '../acceptance.js';
import { actions } from '../actions.js';
import { get, may, post, whyNot } from '../api.js';
import { whose } from '../deployment.js';
import { announce, draw, fact, h, link, quiet, state, tell as say } from '../dom.js';
import { findingCards } from '../finding.js';
import { health } from '../health.js';
import { AT_WORK, next, STOPS } from '../next.js';
import { lookNow, poll } from '../poll.js';
import { ways } from '../repair.js';
import { banner, ENDS, over } from '../rotation.js';
import { leads } from '../routes.js';
import { snooze } from '../snooze.js';
import { count, end, moment, t } from '../texts.js';
import { who } from '../who.js';
import { mailboxList } from './mailboxes.js';
import { record } from './remove.js';
import { steps } from './steps.js';

const LOOKED_AT = 20; // mailboxes that need a person: most of them may lack the same
const SHOWN = 3; // of those that lack something of their own, above the list of all
const ABOVE = ['top', 'todo', 'repair', 'wait', 'facts', 'record', 'notes', 'steps'];
const BELOW = ['known', 'health'];

export async function connection(main, { name, signal }) {
  const section = part => [part, h('section', { id: `part-${part}` })];
  const parts = Object.fromEntries([...ABOVE, ...BELOW].map(section));
  const list = mailboxList(name, signal);
  main.append(...ABOVE.map(part => parts[part]), list.element, ...BELOW.map(part => parts[part]));
  const stopping = stopper(name);
  const tell = teller();
  await poll(async () => {
    const seen = await get('read_connection', `api/connections/${name}?state=action-required&top=${LOOKED_AT}`, signal);
    whose(seen.label, seen.ids.tenantId);
    const found = sorted(seen);
    const show = () => head(parts, seen, found, { list, stopping, redraw: show });
    show();
    draw(parts.wait, [seen.state, seen.mailboxes.counts, seen.steps.at(-1)], () => waiting(seen));
    draw(parts.facts, [seen.since, seen.setUpBy, seen.by, seen.mailboxes.counts, seen.secret], () => facts(seen));
    draw(parts.record, [seen.removed], () => [record(seen.removed)]);
    draw(parts.notes, [found.warnings, seen.health?.drift], () => noted(t('page.notes'), found.warnings, seen));
    draw(parts.steps, [seen.operation, seen.wanted, seen.steps, seen.ids, seen.secret, seen.mailboxes.counts, seen.findings], () => steps(seen, found.card));
    draw(parts.known, [found.infos, seen.acceptances, seen.health?.drift], () => [noted(t('page.known'), found.infos, seen), acceptances(seen.acceptances, name, happens)]);
    draw(parts.health, [seen.health, seen.state], () => health(seen, happens));
    list.update(seen, found.card);
    tell(seen);
    return [seen.state, seen.revision, seen.steps, seen.mailboxes, seen.findings, seen.acceptances];
  }, signal);
}

// What it is called, how it stands, what is next, and what a person has to do.
function head(parts, seen, found, { list, stopping, redraw }) {
  const following = next(seen, found.urgent, found.examples);
  const does = {
    stopping: stopping.of(seen),
    stop: () => stopping.press(seen, redraw),
    repair: may('repair_connection') && (() => ways(parts.repair, seen.name, () => happens(t('page.repair.done')))),
    portal: following === 'portal' && found.urgent[0],
  };
  const dead = over(seen.rotation, seen.findings);
  const said = [seen.state, seen.operation, seen.displayName, seen.secret, seen.rotation, dead, following, does.stopping, does.portal];
  draw(parts.top, said, () => top(seen, following, does));
  draw(parts.todo, [found, following, seen.health?.drift], () => todo(seen, found, following, list));
}

const ACTS = ['create_connection', 'read_parameters'];
const verifies = seen => seen.state === 'running' && seen.operation === 'verify';
const removes = seen => seen.operation === 'remove' && AT_WORK.includes(seen.state);

function lead(seen, stopping) {
  if (stopping) return t('page.stoppingWhat');
  if (verifies(seen)) return t('page.verifying');
  return removes(seen) ? t('page.remove.works') : t(`page.means.${seen.state}`);
}

const top = (seen, following, does) => [
  h('div', { class: 'title' }, h('h1', {}, seen.name, h('small', {}, seen.displayName)), state(seen.state)),
  h('p', { class: 'lead' }, lead(seen, does.stopping)),
  !over(seen.rotation, seen.findings) && banner(seen.name, seen.rotation, seen.rotation?.state !== 'offered'),
  actions(seen, following, does),
  whyNot(...ACTS) && h('p', { class: 'hint', id: 'why-not' }, t('page.signIn.some'), ' ', whyNot(...ACTS)),
];

const part = (what, { mailboxes: { counts, total } }, which) => fact(t(what), t('page.of', { number: counts[which] ?? 0, total }));

const facts = seen => h('dl', { class: 'facts' },
  seen.since && fact(t('page.since'), moment(seen.since)),
  seen.setUpBy && fact(t('page.by.setUp'), who(seen.setUpBy)),
  seen.by && seen.operation !== 'set-up' && fact(t('page.by.last'), who(seen.by)),
  seen.mailboxes.total > 0 && (seen.operation === 'remove' ? part('page.remove.taken', seen, 'removed') : part('page.overview.proven', seen, 'open')),
  seen.secret && fact(t(ENDS[seen.secret.kind]), end(seen.secret.expiresOn)));

// Stopping is said as soon as it is pressed; whether it has come to that, the state says.
function stopper(name) {
  let pressed = null;
  return {
    of: seen => STOPS.includes(seen.state) && pressed === run(seen),
    press: async (seen, redraw) => {
      pressed = run(seen);
      redraw();
      announce(t('page.stopping'));
      try {
        await post('cancel_connection', `api/connections/${name}/cancel`);
      } catch (error) {
        pressed = null;
        redraw();
        throw error;
      }
      lookNow();
    },
  };
}

const run = ({ revision, operation }) => `${revision} ${operation}`;

// What is in the way, each thing once although several steps may have met it; of the mailboxes that need a person a few;
// and what is only to be known.
function sorted(seen) {
  const all = once(seen.findings);
  const card = finding => all.find(other => same(other, finding)) ?? null;
  const of = severity => all.filter(finding => finding.severity === severity);
  const own = once(seen.mailboxes.items.map(entry => entry.finding).filter(one => one && !card(one)));
  return { urgent: of('error'), warnings: of('warning'), infos: of('info'), examples: own.slice(0, SHOWN), ...shut(seen, card), card };
}

// How many mailboxes need a person for something of their own, and how many only wait for what is told above them; where
// not all have been looked at, all of them as those that have.
function shut({ operation, mailboxes: { items, counts } }, card) {
  const number = operation === 'remove' ? 0 : counts['action-required'] ?? 0; // of a removal one finding tells it for all
  const behind = items.filter(entry => entry.finding && card(entry.finding)).length;
  if (number <= items.length) return { own: number - behind, behind };
  return behind === items.length ? { own: 0, behind: number } : { own: number, behind: 0 };
}

const same = (one, other) => one.id === other.id || one.message === other.message;

const once = findings => findings.filter((finding, index) => findings.findIndex(other => same(other, finding)) === index);

// Of the mailboxes that need a person a few stand here, and all in the list below: there may be thousands of them.
function todo(seen, { urgent, examples, own, behind }, following, list) {
  if (!urgent.length && !own && !behind) return [];
  const { name } = seen;
  return [
    h('h2', {}, t('page.todo')), cards(urgent, seen, following),
    behind > 0 && h('p', {}, count('page.mailboxes.behind', behind)),
    own > 0 && h('div', { class: 'notice warning' }, h('p', {}, h('strong', {}, count('page.mailboxes.shut', own))),
      cards(examples, seen, following),
      h('p', { class: 'ways' },
        own > examples.length && quiet(t('page.mailboxes.showShut'), () => list.only('action-required'), { id: 'show-shut' }),
        leads('change') && following !== 'change' && link(t('page.mailboxes.correct'), `#/c/${name}/change`))),
  ];
}

const noted = (title, findings, seen) => findings.length > 0 && [h('h2', {}, title), cards(findings, seen)];

// What is next is a button above, and not once more here.
function cards(findings, { name, health: looked, findings: all }, following = null) {
  const main = following === 'portal' && all.find(finding => finding.severity === 'error');
  return findingCards(findings, {
    accept: finding => accepting(name, finding),
    snooze: finding => looked?.drift.includes(finding.id) && snooze(finding, name, happens),
    renewal: following !== 'renewal' && leads('renewal') && `#/c/${name}/renewal`,
    linked: finding => finding !== main,
  });
}

// Who accepts wants it to go on: a set-up that waits does so by itself, else its plan is shown where the key may do that.
async function accepting(name, finding) {
  const { goesOn, message } = await accept(name, finding);
  if (goesOn || !leads('again')) return happens(message);
  location.hash = `#/c/${name}/again`;
  return null;
}

function happens(message) {
  say(message);
  lookNow();
}

// The wait for Microsoft: what is proven, what is not, and since when somebody waits.
function waiting(seen) {
  const proof = seen.steps.at(-1);
  const { total, counts } = seen.mailboxes;
  const open = counts.open ?? 0;
  if (seen.operation === 'remove' || !['running', 'waiting'].includes(proof?.state) || !['running', 'waiting'].includes(seen.state)) return [];
  return [
    h('h2', {}, t('page.wait.title')),
    h('label', { for: 'proven' }, t('page.wait.proven', { number: open, total })),
    h('progress', { id: 'proven', max: total, value: open }),
    h('p', {}, total > open && [count('page.wait.missing', total - open), ' '], proof.started && t('page.wait.since', { time: moment(proof.started) })),
    h('p', { class: 'small' }, t('page.wait.why')),
  ];
}

// Say in the live region what has changed since the last look; the first look only says how it stands.
function teller() {
  let before = null;
  return seen => {
    const now = new Map([...seen.steps.map(step => [t(`step.${step.name}`), step.state]), [seen.name, seen.state]]);
    const news = [...now].filter(([what, how]) => before !== null && before.get(what) !== how);
    if (news.length) announce(news.map(([what, how]) => `${what}: ${t(`state.${how}`)}`).join('. '));
    before = now;
  };
}
