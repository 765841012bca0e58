// Look again and again, without being a nuisance: slower while nothing changes, not at all while nobody sees the page.

import { Offline } from './api.js';
import { announce, complain, h } from './dom.js';
import { now as time } from './now.js';
import { moment, t } from './texts.js';

const QUICK = 1000;
const SLOW = 15_000;
const GROWTH = 1.4;
const GONE = [401, 404];
const NOW = ['online', 'utm-look'];

// `look` returns what it saw (anything that JSON can tell apart) or null to end. Ends with `signal`, and throws what
// looking again would not mend. Any other complaint is said once, and taken back when it holds no longer.
export async function poll(look, signal) {
  let pause = QUICK;
  let seen;
  let said = null;
  let again = false;
  // Who comes back to the network, or has just done something, sees how it stands at once: also while an answer to an
  // earlier look is on its way.
  for (const name of NOW) addEventListener(name, () => { again = true; }, { signal });
  while (!signal.aborted) {
    // visibilitychange bubbles from the document to the window.
    if (document.hidden) await event(['visibilitychange'], signal);
    if (signal.aborted) return;
    again = false;
    try {
      const now = await look();
      online();
      said?.notice.remove();
      said = null;
      if (now === null) return;
      const state = JSON.stringify(now);
      pause = state === seen ? Math.min(pause * GROWTH, SLOW) : QUICK;
      seen = state;
    } catch (error) {
      if (signal.aborted) return;
      if (GONE.includes(error.status)) throw error;
      if (error instanceof Offline) offline();
      else if (said?.text !== String(error)) said = { text: String(error), notice: complain(error) };
      pause = Math.min(pause * GROWTH, SLOW);
    }
    if (!again) await event(NOW, signal, pause);
  }
}

// Wait for one of the window's events, for some time, or for the end of the view; whichever comes first.
function event(names, signal, milliseconds = null) {
  return new Promise(resolve => {
    const waiting = new AbortController();
    const timer = milliseconds === null ? null : setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      waiting.abort();
      resolve();
    }
    for (const name of names) addEventListener(name, end, { signal: waiting.signal });
    signal.addEventListener('abort', end, { signal: waiting.signal });
  });
}

// Look now: something has just been done.
export const lookNow = () => dispatchEvent(new Event('utm-look'));

// Say that what was asked for is accepted, and look at what comes of it.
export async function done(request) {
  await request;
  announce(t('page.asked'));
  lookNow();
}

function offline() {
  if (document.getElementById('offline')) return;
  const since = t('page.offline.since', { time: moment(new Date(time()).toISOString()) });
  document.getElementById('notices').append(
    h('div', { id: 'offline', class: 'notice warning', role: 'alert' }, h('p', {}, `${t('page.offline.title')} ${since}`)));
}

const online = () => document.getElementById('offline')?.remove();
