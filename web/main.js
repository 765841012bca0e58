// The page: which view the address asks for, with which key, and in which language.

import { enterByToken, isIn, may, onOwnRight, onRefusedKey, person } from './api.js';
import { deployment, headed } from './deployment.js';
import { calm, complain, h, link } from './dom.js';
import { NEEDS } from './routes.js';
import { comeBack, findDoors, signedIn } from './sign-in.js';
import { language, t, use } from './texts.js';
import { again } from './views/again.js';
import { change, create, send } from './views/form.js';
import { connection } from './views/connection.js';
import { handOver } from './views/handover.js';
import { history } from './views/history.js';
import { askAgain, askAtFirst, askOnce, noRole, unreadRoles } from './views/key.js';
import { closed, overview } from './views/overview.js';
import { remove } from './views/remove.js';
import { renewal } from './views/renewal.js';
import { report } from './views/report.js';
import { sheet } from './views/sheet.js';
import { target } from './views/target.js';
import { targets } from './views/targets.js';

const NAME = '([a-z0-9]+(?:-[a-z0-9]+)*)';
const ROUTES = [
  ['', overview, 'overview', 'page.overview.title'], ['new', create, 'new', 'page.overview.new'],
  ['send', send, 'new', 'page.overview.send'],
  [`c/${NAME}`, connection, 'connection', 'label.connection'], [`c/${NAME}/change`, change, 'change', 'page.change.title'],
  [`c/${NAME}/again`, again, 'again', 'page.again.title'],
  [`c/${NAME}/remove`, remove, 'remove', 'page.remove.title'],
  [`c/${NAME}/hand-over`, handOver, 'hand-over', 'page.handOver.title'],
  [`c/${NAME}/renewal`, renewal, 'renewal', 'page.renewal.title'],
  [`c/${NAME}/sheet`, sheet, 'sheet', 'page.sheet.title'], [`c/${NAME}/report`, report, 'report', 'page.report.title'],
  [`c/${NAME}/history`, history, 'history', 'page.history.title'],
  ['targets', targets, 'targets', 'page.targets.title'], [`targets/${NAME}`, target, 'target', 'page.targets.title'],
].map(([path, view, needs, title]) => [new RegExp(`^#?/?${path}$`), view, NEEDS[needs], title]);

const main = document.getElementById('main');
const crumbs = document.getElementById('crumbs');
let leave = new AbortController();

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const [view, needed, title, name] = asked();
  const about = [name, t(title)].filter(Boolean);
  calm();
  main.replaceChildren();
  crumbs.replaceChildren();
  main.setAttribute('aria-label', about.join(' · ')); // what is read out when the focus comes here
  headed(about, speak);
  try {
    if (!isIn()) return askAtFirst(main, enter);
    if (person()?.roles === null) return unreadRoles(main, enter);
    if (person()?.roles.length === 0) return noRole(main);
    deployment().catch(complain);
    const missing = needed.find(operation => !may(operation));
    if (missing) return closed(main, missing);
    crumbs.replaceChildren(...above(view, name));
    await view(main, { name, signal });
  } catch (error) {
    if (signal.aborted) return;
    complain(error);
    const gone = error.status === 404;
    if (!gone && main.hasChildNodes()) return;
    crumbs.replaceChildren();
    main.replaceChildren(name && !gone ? link(name, `#/${view === target ? 'targets' : 'c'}/${name}`) : link(t('page.overview.title'), '#/'));
  }
}

function asked() {
  for (const [pattern, view, needed, title] of ROUTES) {
    const found = pattern.exec(location.hash);
    if (found) return [view, needed, title, found[1]];
  }
  return [lost, [], 'page.lost'];
}

// The views above one, the nearest last.
function above(view, name) {
  if (view === overview) return [];
  const under = view === target ? link(t('page.targets.title'), '#/targets') : name && view !== connection && link(name, `#/c/${name}`);
  return [link(t('page.overview.title'), '#/'), ...(under ? [' › ', under] : [])];
}

function lost() {
  main.append(h('h1', {}, t('page.lost')), link(t('page.overview.title'), '#/'));
}

async function speak(lang) {
  await use(lang, true);
  show();
}

function refusedSignIn(error) {
  const detail = error.error_description?.split(' Trace ID')[0] ?? error.detail ?? error.message;
  return { title: t('page.signIn.failed'), detail, hint: t('page.signIn.failedHint') };
}

// Show a view, and begin at its top for who does not see that it is another one.
function enter() {
  show();
  main.focus();
}

document.getElementById('skip').addEventListener('click', event => {
  event.preventDefault(); // the address names the view
  main.focus();
});
onRefusedKey(askAgain);
onOwnRight(askOnce);
await use(language());
let refusal = null;
try {
  await findDoors();
  await comeBack();
  if (signedIn()) await enterByToken();
} catch (error) {
  refusal = error; // a slip at the login; the page offers both ways in again
}
addEventListener('hashchange', enter); // not before: it is not known yet who is here
await show();
if (refusal) complain(signedIn() ? refusal : refusedSignIn(refusal));
