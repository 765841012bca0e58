// Mailboxes pasted in any shape: lines, commas, semicolons, tabs, `Name <a@b>`, `mailto:`.

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(?!.{255})[A-Za-z0-9!#$%&'*+/=?^_\`{|}~.-]{1,64}@${LABEL}(?:\\.${LABEL})+$`);
// Outlook writes an address whose owner has no name as its own name: `"a@b" <a@b>`.
const OWN_NAME = /["']?([^\s"'<>,;]+@[^\s"'<>,;]+)["']?\s*<\s*(?:mailto:)?\1\s*>/gi;
const PARTS = /<[^<>]*>|[^\s,<>]+/g;
const AROUND = /^(?:mailto:|[<"'(\s])+|[>"').\s]+$/gi;

// Returns the addresses in their order, how many were there twice, and what could not be read.
export function addresses(text) {
  const found = new Map();
  const unknown = [];
  let twice = 0;
  for (const line of text.split(/[\n\r;]+/)) {
    const parts = line.replace(OWN_NAME, '<$1>').match(PARTS) ?? [];
    const last = parts.findLastIndex(part => part.startsWith('<'));
    parts.forEach((part, index) => {
      const word = part.replace(AROUND, '');
      const key = word.toLowerCase();
      // What stands before an address in brackets is its owner's name, commas included: `Müller, Eva <e@m.de>`.
      if (!ADDRESS.test(word)) {
        if (word && (index >= last || word.includes('@'))) unknown.push(word);
      } else if (found.has(key)) twice += 1;
      else found.set(key, word);
    });
  }
  return { list: [...found.values()], twice, unknown };
}
