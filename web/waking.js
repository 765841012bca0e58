// After a rest the app starts anew, which takes seconds: who waits for its first answer is told so.

import { t } from './texts.js';

const PATIENCE = 1000;
const RESTED = 5 * 60_000; // milliseconds after which an app may have been laid to rest
let heard = -Infinity;
let waiting = 0;

// Wait for a request; nothing is said where the app has just answered another one.
export async function awaited(request) {
  const rested = performance.now() - heard > RESTED;
  const timer = rested ? setTimeout(() => say(true), PATIENCE) : null;
  waiting += 1;
  try {
    const answer = await request;
    heard = performance.now();
    return answer;
  } finally {
    waiting -= 1;
    clearTimeout(timer);
    if (waiting === 0 || heard > 0) say(false);
  }
}

function say(waking) {
  const place = document.getElementById('waking');
  place.textContent = waking ? t('page.waking') : '';
  place.hidden = !waking;
}
