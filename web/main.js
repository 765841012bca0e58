// The page: which view the address asks for, whose deployment this is, and in which language.

import { forget, get, hasKey, may, onRefusedKey } from './api.js';
import { button, calm, complain, h, link } from './dom.js';
import { LANGUAGES, language, t, use } from './texts.js';
import { change, create } from './views/form.js';
import { connection } from './views/connection.js';
import { handOver } from './views/handover.js';
import { askForKey } from './views/key.js';
import { overview } from './views/overview.js';
import { report } from './views/report.js';
import { sheet } from './views/sheet.js';

const NAME = '([a-z0-9]+(?:-[a-z0-9]+)*)';
const ROUTES = [
  ['', overview], ['new', create], [`c/${NAME}`, connection], [`c/${NAME}/change`, change],
  [`c/${NAME}/hand-over`, handOver], [`c/${NAME}/sheet`, sheet], [`c/${NAME}/report`, report],
].map(([path, view]) => [new RegExp(`^#?/?${path}$`), view]);

let leave = new AbortController();
let health = null;

// What this deployment is; asked once, and again where a view needs it new.
export async function deployment(fresh = false) {
  if (!may('read_health')) return null;
  if (fresh || health === null) health = await get('read_health', 'api/health');
  head();
  return health;
}

function head(subject = '') {
  const label = health?.label ?? '';
  document.title = [label, subject, 'UTM Mail Connect'].filter(Boolean).join(' · ');
  document.getElementById('skip').textContent = t('page.skip');
  document.getElementById('header').replaceChildren(
    h('div', { class: 'brand' }, link('UTM Mail Connect', '#/'), label && h('strong', { class: 'label' }, label)),
    h('dl', { class: 'facts' },
      health?.tenantId && [h('dt', {}, t('page.tenant')), h('dd', {}, health.tenantId)],
      health && [h('dt', {}, t('page.version')), h('dd', {}, health.version)]),
    h('div', { class: 'tools' },
      LANGUAGES.map(lang => button(lang === 'de' ? 'Deutsch' : 'English', () => speak(lang),
        { class: 'quiet', lang, 'aria-pressed': String(lang === language()) })),
      hasKey() && button(t('page.key.forget'), start.bind(null, true), { class: 'quiet' })));
}

async function speak(lang) {
  await use(lang, true);
  await show();
}

async function start(forgetting = false) {
  if (forgetting) {
    forget();
    health = null;
  }
  await show();
}

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const main = document.getElementById('main');
  calm();
  main.replaceChildren();
  head();
  try {
    if (!hasKey()) return askForKey(main, start);
    for (const [pattern, view] of ROUTES) {
      const found = pattern.exec(location.hash);
      if (!found) continue;
      head(found[1]);
      deployment().then(() => signal.aborted || head(found[1])).catch(complain);
      await view(main, { name: found[1], signal });
      return;
    }
    main.replaceChildren(h('h1', {}, t('page.lost')), link(t('page.overview.title'), '#/'));
  } catch (error) {
    complain(error);
  }
}

addEventListener('hashchange', async () => {
  await show();
  document.getElementById('main').focus();
});
onRefusedKey(operation => new Promise(resolve => askForKey(null, resolve, operation)));
await use(language());
await show();
