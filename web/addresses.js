// Mailboxes pasted in any shape: lines, commas, semicolons, tabs, `Name <a@b>`, `mailto:`.

const ADDRESS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$/;
const IN_BRACKETS = /<\s*(?:mailto:)?([^<>\s]+)\s*>/gi;

// Returns the addresses in their order, how many were there twice, and what could not be read.
export function addresses(text) {
  const found = new Map();
  const unknown = [];
  let twice = 0;
  const take = address => {
    const key = address.toLowerCase();
    if (found.has(key)) twice += 1;
    else found.set(key, address);
  };
  for (const line of text.split(/[\n\r;]+/)) {
    const named = [...line.matchAll(IN_BRACKETS)].map(match => match[1]).filter(word => ADDRESS.test(word));
    // What stands beside an address in brackets is its owner's name, commas included ("Müller, Eva" <e@m.de>).
    const rest = named.length ? line.replace(IN_BRACKETS, '\u0000').split('\u0000').pop() : line;
    named.forEach(take);
    for (const part of rest.split(/[,\t ]+/)) {
      const word = part.replace(/^(?:mailto:|["'(])+|["').]+$/gi, '');
      if (ADDRESS.test(word)) take(word);
      else if (word) unknown.push(word);
    }
  }
  return { list: [...found.values()], twice, unknown };
}
