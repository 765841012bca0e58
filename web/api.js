// The API, for who has signed in or given a key. The key lives in sessionStorage, and nowhere else.

import { PROBES } from './probes.js';
import { heard } from './now.js';
import { dropTokens, nameOf, opensToKeys, signedIn, token } from './sign-in.js';
import { language, local, t } from './texts.js';
import { awaited } from './waking.js';

const KEY = 'utm-mail-connect.key';
const MAY = 'utm-mail-connect.may';
const WITH_BODY = ['POST', 'PUT'];
export const OPERATIONS = Object.keys(PROBES);

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail);
    Object.assign(this, body, { status });
  }
}
export class Offline extends Error {
  title = t('page.offline.title');
  detail = t('page.offline.detail');
}

const WHO = ['GET', 'api/caller'];
const REFUSED = 403;

let who = null;
let askAgain = null;
let askOnce = null;
let asking = null;

export const onRefusedKey = ask => { askAgain = ask; };
export const onOwnRight = ask => { askOnce = ask; };
export const hasKey = () => opensToKeys() && sessionStorage.getItem(KEY) !== null;
export const isIn = () => signedIn() || hasKey();
export const may = operation =>
  signedIn() ? who?.may[operation]?.length === 0 : JSON.parse(sessionStorage.getItem(MAY) ?? '[]').includes(operation);

// Who has signed in, by name and roles; null for a key. Roles that could not be read are null, and not none.
export const person = () => signedIn() ? { name: who?.name ?? nameOf(), roles: who?.roles ?? null } : null;

// Why somebody who has signed in may not do something, in words; null where he may, and where a key decides.
export function whyNot(...operations) {
  const roles = signedIn() ? operations.flatMap(operation => who?.may[operation] ?? []) : [];
  return roles.length ? t('page.signIn.takes', { roles: [...new Set(roles)].join(', ') }) : null;
}

export function forget() {
  sessionStorage.clear();
  dropTokens();
  who = null;
}

// By what the page calls: a token, and else the key. With another token somebody may have other roles.
async function credential() {
  if (!signedIn()) return { header: ['x-functions-key', sessionStorage.getItem(KEY) ?? ''], prefix: '' };
  const access = await token();
  const found = { header: ['Authorization', `Bearer ${access}`], prefix: 'entra/', access };
  if (access && access !== who?.access) await lookWho(found);
  return found;
}

async function lookWho(found) {
  const answer = await send(found, ...WHO);
  if (answer.response.status === 401) return;
  const none = answer.response.status === REFUSED;
  who = { access: found.access, ...(none ? { name: nameOf(), roles: [], may: {} } : read(answer).body) };
  dispatchEvent(new Event('utm-who'));
}

// Find out what who has just signed in may do; throws where that cannot be read.
export async function enterByToken() {
  await credential();
  if (!who) throw new Problem(401, { title: t('page.signIn.unread'), detail: t('page.signIn.notTaken') });
}

const possible = key => /^[\x21-\x7e]+$/.test(key);

// Keep a key, and find out what it opens. A host key opens everything; only for a lesser one each function is asked.
export async function useKey(key) {
  if (!possible(key)) return false;
  const by = { header: ['x-functions-key', key], prefix: '' };
  const refused = async ([method, path]) => (await send(by, method, path)).response.status === 401;
  const first = ['list_connections', 'list_targets']; // what is answered at once: health asks each service
  const closed = await Promise.all(first.map(name => refused(PROBES[name])));
  let open = OPERATIONS;
  if (closed.some(Boolean)) {
    const all = await Promise.all(OPERATIONS.map(name => first.includes(name) ? closed[first.indexOf(name)] : refused(PROBES[name])));
    open = OPERATIONS.filter((_, index) => !all[index]);
  }
  if (open.length === 0) return false;
  sessionStorage.setItem(KEY, key);
  sessionStorage.setItem(MAY, JSON.stringify(open));
  return true;
}

// Call an operation of the API and return what it answered: {status, body, etag}.
export async function call(operation, method, path, { body, signal, ifMatch } = {}) {
  for (let tries = 0; ; tries += 1) {
    const present = await credential();
    const answer = present.access === null ? null : await send(present, method, path, body, signal, ifMatch);
    if (answer && answer.response.status !== 401) return read(answer);
    // What the clock does not tell a new token does: the old one was refused.
    if (tries === 0 && present.access && await token(true)) continue;
    // Somebody has renewed the key meanwhile, or it never opened this: ask once for all that wait, then go on.
    if (present.prefix || present.header[1] === (await credential()).header[1]) {
      asking ??= askAgain(operation, present.prefix !== '').finally(() => { asking = null; });
      if (!await asking) throw new Problem(401, { title: t(present.prefix ? 'page.signIn.ended' : 'page.key.refused'), detail: t('page.key.stays') });
    }
    signal?.throwIfAborted();
  }
}

// Call an operation that is a right of its own. Where the tab's key does not open it, another one is asked for: it is used
// this once and not kept, so nothing else is lost by it.
export async function callOwn(operation, method, path, body) {
  if (signedIn()) return (await call(operation, method, path, { body })).body;
  let answer = await send(await credential(), method, path, body);
  const opens = async key => {
    if (!possible(key)) return false;
    answer = await send({ header: ['x-functions-key', key], prefix: '' }, method, path, body);
    return answer.response.status !== 401;
  };
  if (answer.response.status === 401 && !await askOnce(operation, opens)) {
    const what = { operation: t(`page.may.${operation}`), function: operation };
    throw new Problem(401, { title: t('page.key.own'), detail: t('page.key.ownStays', what) });
  }
  return read(answer).body;
}

export const get = async (operation, path, signal) => (await call(operation, 'GET', path, { signal })).body;
export const post = (operation, path, body, signal, ifMatch) => call(operation, 'POST', path, { body, signal, ifMatch });

async function send({ header: [name, value], prefix }, method, path, body, signal, ifMatch) {
  const headers = { [name]: value, 'Accept-Language': language(), Accept: 'application/json' };
  if (body !== undefined || method === 'POST') headers['Content-Type'] = 'application/json';
  if (ifMatch) headers['If-Match'] = ifMatch;
  try {
    const response = await awaited(fetch(prefix + path, {
      method, headers, signal, body: WITH_BODY.includes(method) && body !== null ? JSON.stringify(body ?? {}) : undefined,
      cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer',
    }));
    if (heard(response.headers)) dispatchEvent(new Event('utm-clock'));
    return { response, text: await response.text() };
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Offline();
  }
}

// Every answer of the API is JSON; what is not comes from something before it, or from a host that is just starting.
function read({ response, text }) {
  const body = parsed(text);
  if (response.ok && body) return { status: response.status, body, etag: response.headers.get('ETag') };
  if (body?.detail) throw new Problem(response.status, body);
  const detail = t('page.problem.status', { status: response.status });
  throw new Problem(response.status, { title: t('page.problem.title'), detail, hint: t('page.problem.hint') });
}

function parsed(text) {
  try {
    return JSON.parse(text, (key, value) => value?.times ? local(value) : value);
  } catch {
    return null;
  }
}

// All entries of a paged list, 500 at a time; from `after` on where some have been read.
export async function* pages(operation, path, pick, signal, after = null) {
  do {
    const mark = path.includes('?') ? '&' : '?';
    const body = await get(operation, `${path}${mark}top=500${after === null ? '' : `&after=${encodeURIComponent(after)}`}`, signal);
    const page = pick(body);
    yield page.items;
    after = page.next;
  } while (after !== null);
}
