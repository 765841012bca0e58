// What a connection is wanted to be: read as it stands, and sent again with something changed.

import { call, pages } from './api.js';

// The connection and all its mailboxes. `mailboxes` is null where the run has not yet arranged what was asked for, or
// somebody has asked for something else meanwhile: who sends half a list again takes access from the other half. With
// `etag` a change is meant for just this state.
export async function present(name, signal) {
  const look = () => call('read_connection', 'GET', `api/connections/${name}?top=1`, { signal });
  const { body: connection, etag } = await look();
  const list = await mailboxes(name, signal);
  const { body: { revision, wanted } } = await look();
  const whole = wanted.arranged && revision === connection.revision && list.length === connection.mailboxes.total;
  return { connection, etag, mailboxes: whole ? list : null };
}

export async function mailboxes(name, signal) {
  const found = [];
  for await (const page of pages('read_connection', `api/connections/${name}`, body => body.mailboxes, signal)) found.push(...page);
  return found;
}

// What a new list adds to the present mailboxes, and which of them it no longer has. Who first names an alias and then, as
// the parameters say, the user principal name, means the same mailbox.
export function difference(now, list) {
  const wanted = new Set(list.map(address => address.toLowerCase()));
  const names = ({ requested, address }) => [requested, address?.toLowerCase()];
  const before = new Set(now.flatMap(names));
  const stays = entry => names(entry).some(name => wanted.has(name));
  // Of two names of one mailbox either keeps it.
  const kept = new Set(now.filter(stays).map(entry => entry.address));
  return {
    added: [...wanted].filter(address => !before.has(address)),
    removed: now.filter(entry => !stays(entry) && !(entry.address && kept.has(entry.address))),
  };
}

// The body of a request that asks for what is there, but for `changes`.
export function wish(connection, list, changes = {}) {
  const { lifetimeDays, protocols, enableImap, enablePop, enableSmtp, roleBasedSending, sendAs } = connection.wanted;
  return {
    name: connection.name, displayName: connection.displayName, mailboxes: list,
    secret: { lifetimeDays }, protocols, enableImap, enablePop, enableSmtp, roleBasedSending, sendAs, ...changes,
  };
}
