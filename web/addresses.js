// Mailboxes pasted in any shape: lines, commas, semicolons, tabs, `Name <a@b>`, `mailto:`.

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(?!.{255})[A-Za-z0-9!#$%&'*+/=?^_\`{|}~.-]{1,64}@${LABEL}(?:\\.${LABEL})+$`);
// Outlook writes an address whose owner has no name as its own name: `"a@b" <a@b>`.
const OWN_NAME = /["']?([^\s"'<>,;]+@[^\s"'<>,;]+)["']?\s*<\s*(?:mailto:)?\1\s*>/gi;
const WORDS = /<[^<>]*>|[^\s<>]+/g;
const AROUND = /^(?:mailto:|[<"'„“”‚‘’«»(\s])+|[>"'„“”‚‘’«»).\s]+$/gi;
const INVISIBLE = /[\u200b-\u200f\u2060\ufeff]/g; // what a web page or Word puts between what can be seen
const CELL = /\t|"[^"@]+"\s*(?:,|$)/; // the line is a row of a table: what is no address stands in another column

// Returns the addresses in their order, how many were there twice, which words beside an address were passed over, what
// could not be read, and which were written with an international domain: {address, typed}.
export function addresses(text) {
  const found = new Map();
  const [passed, unknown, converted] = [[], [], []];
  let twice = 0;
  for (const line of text.replace(INVISIBLE, '').split(/[\n\r;]+/)) {
    const entries = line.replace(OWN_NAME, '<$1>').split(',').map(entry => (entry.match(WORDS) ?? []).map(read));
    const bracketed = entries.flat().findLastIndex(word => word.bracketed);
    const row = CELL.test(line) && entries.flat().some(word => word.address);
    let place = 0;
    for (const entry of entries) {
      const beside = row || entry.some(word => word.address);
      for (const { text: word, address, typed } of entry) {
        const key = word.toLowerCase();
        if (address && found.has(key)) twice += 1;
        else if (address) {
          found.set(key, word);
          if (typed !== word) converted.push({ address: word, typed });
        }
        else if (word.includes('@')) unknown.push(word);
        // What stands before an address in brackets is its owner's name, commas included: `Müller, Eva <e@m.de>`.
        else if (word && place >= bracketed) (beside ? passed : unknown).push(word);
        place += 1;
      }
    }
  }
  return { list: [...found.values()], twice, passed, unknown, converted };
}

function read(part) {
  const typed = part.replace(AROUND, '');
  const text = inAscii(typed);
  const address = ADDRESS.test(text);
  return { text: address ? text : typed, typed, bracketed: part.startsWith('<'), address };
}

// An international domain is kept in ASCII: Exchange and the UTM know it by nothing else.
function inAscii(text) {
  const [local, domain, ...more] = text.split('@');
  if (!domain || more.length || /^[\x20-\x7e]*$/.test(domain) || /[\s/?#:%\\[\]]|(^|\.)-|-(\.|$)/.test(domain)) return text;
  try {
    const { hostname } = new URL(`//${domain}/`, location.href);
    return /^[\d.]+$/.test(hostname) ? text : `${local}@${hostname}`;
  } catch {
    return text;
  }
}
