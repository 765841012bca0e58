// What time it is for the app: each answer says it. The machine's clock may be wrong, and a simulated tenant's runs faster.

const AGREES = 60_000; // milliseconds by which two clocks may differ: an answer tells whole seconds, and takes its time

let told = null;

// Take what an answer says of the time; returns whether that is another clock than before.
export function heard(headers) {
  const date = Date.parse(headers.get('Date'));
  if (Number.isNaN(date)) return false;
  const factor = Number(headers.get('X-Simulated-Clock') ?? 1);
  const changed = factor !== speed();
  told = { date, factor, at: performance.now() };
  return changed;
}

// How much faster time runs than anywhere else.
export const speed = () => told?.factor ?? 1;

export function now() {
  const mine = Date.now();
  if (!told) return mine;
  const theirs = told.date + (performance.now() - told.at) * told.factor;
  return Math.abs(theirs - mine) > AGREES ? theirs : mine;
}
