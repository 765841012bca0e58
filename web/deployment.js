// Whose deployment this is: always in sight, since a person may have one tab for each customer.

import { forget, get, hasKey, may, person } from './api.js';
import { draw, fact, h, link, outward, quiet, reload } from './dom.js';
import { now, speed } from './now.js';
import { signedIn, signOut } from './sign-in.js';
import { LANGUAGES, language, moment, t } from './texts.js';

let health = null;
let asked = null;
let told = {};
let subject = [];

// What this deployment says of itself, in the reader's language, asked at most so many milliseconds ago. Null where the
// key does not open it.
export async function deployment(age = Infinity) {
  if (!may('read_health')) return null;
  if (asked === null || asked.lang !== language() || Date.now() - asked.at > age) {
    asked = { at: Date.now(), lang: language(), answer: get('read_health', 'api/health') };
  }
  const mine = asked;
  try {
    const answer = await mine.answer;
    if (mine !== asked) return answer; // the key has been forgotten, or the language changed
    // What was not readable is asked for again the next time.
    if (Object.values(answer.identity).includes(null)) asked = null;
    health = answer;
    head();
    return answer;
  } catch (error) {
    if (mine === asked) asked = null;
    throw error;
  }
}

// Whether nothing is known of whose deployment this is, and health does not tell it: it failed, or may not be read.
export const unnamed = () => !health && !asked && !('label' in told);

// What another answer says of whose deployment this is, while health cannot be read or is still being asked for.
export function whose(label, tenantId = null) {
  told = { label: label || told.label, tenantId: tenantId ?? told.tenantId };
  head();
}

// Draw the header and name the tab: the view is `about`; `speak` is told of a language that was chosen.
let speak;
export function headed(about, to) {
  [subject, speak] = [about, to];
  head();
}

// Another token may bring other roles.
addEventListener('utm-who', () => head());

function head() {
  const label = (health?.label || told.label) ?? '';
  const id = health?.tenantId ?? told.tenantId;
  document.title = [label, ...subject, 'UTM Mail Connect'].filter(Boolean).join(' · ');
  document.getElementById('skip').textContent = t('page.skip');
  const shown = [label, id, health?.tenantName, health?.version, hasKey() && !signedIn(), person()];
  draw(document.getElementById('simulated'), speed() !== 1, () => speed() !== 1 && [
    h('span', { id: 'simulated-clock' }, simulatedTime()), ' ', outward(t('page.simulated.panel'), '/tenant')]);
  draw(document.getElementById('header'), shown, ([, tenant, tenantName, version, keyed, somebody]) => [
    h('div', { class: 'brand' }, link('UTM Mail Connect', '#/'), label && h('strong', { class: 'label' }, label)),
    h('dl', { class: 'facts' }, tenant && fact(t('page.tenant'), tenantName ? `${tenantName} (${tenant})` : tenant), version && fact(t('page.version'), version),
      somebody && fact(t('page.signIn.as'), h('span', { id: 'who' }, somebody.name || '–'), roles(somebody))),
    h('div', { class: 'tools' },
      LANGUAGES.map(lang => quiet(lang === 'de' ? 'Deutsch' : 'English', () => speak(lang),
        { id: `speak-${lang}`, lang, 'aria-pressed': String(lang === language()) })),
      keyed && quiet(t('page.key.forget'), () => {
        forget();
        [health, asked, told] = [null, null, {}];
        reload();
      }),
      somebody && quiet(t('page.signIn.out'), () => {
        forget();
        [health, asked, told] = [null, null, {}];
        signOut();
      }, { id: 'sign-out' })),
  ]);
}

const roles = somebody => somebody.roles && ` (${somebody.roles.join(', ') || t('page.signIn.none')})`;

// A simulated tenant's clock runs faster: it is in sight, so that nobody wonders at the times.
const simulatedTime = () => t('page.simulated.clock', { factor: speed(), now: moment(new Date(now()).toISOString()) });
addEventListener('utm-clock', head);
setInterval(() => {
  const shown = document.getElementById('simulated-clock');
  if (shown) shown.textContent = simulatedTime();
}, 1000);
