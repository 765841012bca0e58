// Look again and again, without being a nuisance: slower while nothing changes, not at all while nobody sees the page.

import { Offline } from './api.js';
import { complain, h } from './dom.js';
import { clock, t } from './texts.js';

const QUICK = 1000;
const SLOW = 15_000;
const GROWTH = 1.4;

// `look` returns what it saw (anything that JSON can tell apart) or null to end. Ends with `signal`.
export async function poll(look, signal) {
  let pause = QUICK;
  let seen;
  while (!signal.aborted) {
    await visible(signal);
    try {
      const now = await look();
      online();
      if (now === null) return;
      const state = JSON.stringify(now);
      pause = state === seen ? Math.min(pause * GROWTH, SLOW) : QUICK;
      seen = state;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Offline) offline();
      else complain(error);
      if (error.status === 404) return;
      pause = Math.min(pause * GROWTH, SLOW);
    }
    await sleep(pause, signal);
  }
}

function sleep(milliseconds, signal) {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
    // Who comes back to the page, or to the network, sees how it stands at once.
    for (const event of ['online', 'utm-look']) addEventListener(event, resolve, { once: true, signal });
  });
}

function visible(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise(resolve => {
    document.addEventListener('visibilitychange', resolve, { once: true, signal });
    signal.addEventListener('abort', resolve, { once: true });
  });
}

// Look now: something has just been done.
export const lookNow = () => dispatchEvent(new Event('utm-look'));

function offline() {
  if (document.getElementById('offline')) return;
  const since = t('page.offline.since', { time: clock(new Date().toISOString()) });
  document.getElementById('notices').append(
    h('div', { id: 'offline', class: 'notice warning', role: 'alert' }, h('p', {}, `${t('page.offline.title')} ${since}`)));
}

const online = () => document.getElementById('offline')?.remove();
