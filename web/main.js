// The page: which view the address asks for, with which key, and in which language.

import { hasKey, may, onRefusedKey } from './api.js';
import { deployment, headed } from './deployment.js';
import { calm, complain, h, link } from './dom.js';
import { language, t, use } from './texts.js';
import { change, create } from './views/form.js';
import { connection } from './views/connection.js';
import { handOver } from './views/handover.js';
import { askAgain, askAtFirst } from './views/key.js';
import { closed, overview } from './views/overview.js';
import { report } from './views/report.js';
import { sheet } from './views/sheet.js';

const NAME = '([a-z0-9]+(?:-[a-z0-9]+)*)';
const ROUTES = [
  ['', overview], ['new', create, 'create_connection'], [`c/${NAME}`, connection, 'read_connection'],
  [`c/${NAME}/change`, change, 'create_connection'], [`c/${NAME}/hand-over`, handOver, 'read_parameters'],
  [`c/${NAME}/sheet`, sheet, 'read_connection', 'read_health'], [`c/${NAME}/report`, report, 'read_report'],
].map(([path, view, ...needed]) => [new RegExp(`^#?/?${path}$`), view, needed]);

let leave = new AbortController();

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const main = document.getElementById('main');
  const [view, needed, name] = asked();
  calm();
  main.replaceChildren();
  headed(name ?? '', speak);
  try {
    if (!hasKey()) return askAtFirst(main, show);
    deployment().catch(complain);
    const missing = needed.find(operation => !may(operation));
    if (missing) return closed(main, missing);
    await view(main, { name, signal });
  } catch (error) {
    if (signal.aborted) return;
    complain(error);
    const gone = error.status === 404;
    if (gone || !main.hasChildNodes()) main.replaceChildren(name && !gone ? link(name, `#/c/${name}`) : link(t('page.overview.title'), '#/'));
  }
}

function asked() {
  for (const [pattern, view, needed] of ROUTES) {
    const found = pattern.exec(location.hash);
    if (found) return [view, needed, found[1]];
  }
  return [lost, []];
}

function lost(main) {
  main.append(h('h1', {}, t('page.lost')), link(t('page.overview.title'), '#/'));
}

async function speak(lang) {
  await use(lang, true);
  show();
}

addEventListener('hashchange', () => {
  show();
  document.getElementById('main').focus();
});
onRefusedKey(askAgain);
await use(language());
show();
