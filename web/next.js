// What is next at a connection: one thing, by its state and by what is in the way. Pure; the view draws it.

import { OF_ROTATION } from './finding.js';

const OVER = ['failed', 'cancelled', 'interrupted'];
// What another set-up mends by itself, as their texts say.
const ANEW = [
  'secret-missing', 'secret-disabled', 'secret-expired', 'secret-gone', 'secret-refused', 'secret-deleted', 'certificate-gone',
  'application-missing', 'enterprise-application-missing', 'principal-accepted', 'token-object-id',
];
export const AT_WORK = ['running', 'waiting'];
export const STOPS = [...AT_WORK, 'action-required']; // in these states something can be stopped

// Returns the name of an action, or null where there is only to be waited. `urgent` are the findings that stop it,
// `examples` those of single mailboxes.
export function next(seen, urgent, examples) {
  const { state, rotation, operation } = seen;
  if (state === 'unreadable') return 'repair';
  if (rotation?.state === 'offered' || OF_ROTATION.includes(urgent[0]?.code)) return 'renewal';
  if (AT_WORK.includes(state)) return null;
  if (OVER.includes(state)) return operation === 'remove' ? 'remove' : 'again';
  if (state === 'removed') return 'new';
  if (urgent.length || state === 'action-required') return byHand(operation, urgent, examples);
  return seen.secret ? 'hand-over' : 'verify';
}

// Where a person acts elsewhere: the way there, else a look at what has been done; a wrong list is corrected here.
function byHand(operation, [first], examples) {
  if (first?.action.link) return 'portal';
  if (operation === 'remove') return 'remove'; // there a person says what the app may not see
  if (ANEW.includes(first?.code)) return 'again';
  const wrongList = !first && examples.length > 0 && examples.every(({ action }) => !action.command && !action.link);
  return wrongList ? 'change' : 'verify';
}
