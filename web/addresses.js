// Mailboxes pasted in any shape: lists, tables, CSV, JSON, Markdown, what PowerShell and Outlook print.

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(?!.{255})[A-Za-z0-9!#$%&'*+/=?^_\`{|}~.-]{1,64}@${LABEL}(?:\\.${LABEL})+$`);
// What a web page or Word puts between what can be seen.
const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g;
const ESCAPED = [[/\\u0040/gi, '@'], [/(\.[a-z]{2,}["']?[,;]?)(?:\\[rnt])+/gi, '$1\n'], [/&(?:lt|gt|quot|nbsp|#39);/g, ' ']];
// The same address as its owner's name or as a link's text: `"a@b" <a@b>`, `[a@b](mailto:a@b)`.
const OWN_NAME = /["'[]?([^\s"'<>,;[\](){}]+@[^\s"'<>,;[\](){}]+)["'\]]?\s*[<(]\s*(?:mailto:)?\1\s*[>)]/gi;
const SPELT = /[^\s<>,;]+\s*[([{]\s?at\s?[)\]}]\s*[^\s<>,;]+|<[^<>@]*\sat\s[^<>@]*>/gi;
// `=`, `|` and brackets part what stands side by side, though an address could hold them: none that signs in does.
const PIECES = /<\s*[^\s<>@"]+@[^\s<>@"]+\s*>|[^\s,;:|<>{}()[\]"„“”«»‹›=]+|[\s\S]/g;
const AROUND = /^['‚‘’`*•·–—>-]+|['‚‘’`*.!?]+$/g;
const SILENT = /^(?:smtp|mailto)$/i;
const NO_MAIL = /^(?:sip|spo|x500|x400|eum)$/i; // Exchange's other kinds of proxy addresses
const CUT = /\.\.|…/;

// Returns the addresses in their order, how many were there twice, what beside them was passed over, what blocks: words
// that could not be read, those that somebody has shortened, those with letters that no address has before its @; and
// what is worth a word: addresses with a plus, and those with an international domain: {address, typed}.
export function addresses(text) {
  const told = { found: new Map(), twice: 0, passed: new Set(), unknown: [], cut: [], accented: [], plus: [], converted: [] };
  for (const [escaped, plain] of ESCAPED) text = text.replace(escaped, plain);
  text = text.replace(INVISIBLE, '').replace(SPELT, spelt => { told.unknown.push(spelt.replace(/^<|>$/g, '')); return ''; });
  for (const line of text.split(/[\n\r]+/)) readLine(line.replace(OWN_NAME, '<$1>'), told);
  const { found, passed, ...rest } = told;
  const list = [...found.values()];
  // Where nothing is an address, what is there is no list at all.
  if (!list.length && !rest.cut.length) rest.unknown = [...passed, ...rest.unknown];
  return { ...rest, list, passed: list.length || rest.cut.length ? [...passed] : [] };
}

function readLine(line, told) {
  const pieces = line.match(PIECES) ?? [];
  let [beside, phrase, before] = [[], [], '']; // `before` is what stands before a colon
  const close = () => { if (phrase.length) beside.push(phrase.join(' ')); phrase = []; };
  const flush = () => { close(); beside.filter(words => /[\p{L}\p{N}]/u.test(words)).forEach(words => told.passed.add(words)); beside = []; };
  pieces.forEach((piece, place) => {
    const next = pieces[place + 1];
    if (next === ':' && !piece.includes('@')) before = piece;
    if (next === ':' && SILENT.test(piece)) return;
    if (piece.includes('@') && !NO_MAIL.test(before)) {
      if (piece === '@' && /^[({]$/.test(next)) return; // PowerShell's @(…) and @{…}
      // What stands before an address in angle brackets is its owner's name, commas included: `Müller, Eva <e@m.de>`.
      if (piece.startsWith('<')) [beside, phrase] = [[], []];
      flush();
      readWord(piece, told);
      before = '';
    } else if (/^[;\t]$/.test(piece)) { flush(); before = ''; }
    else if (/^[,|<>{}()[\]"„“”«»‹›=]$/.test(piece)) { close(); before = ''; }
    else if (piece.trim() && piece !== ':') phrase.push(piece);
  });
  flush();
}

function readWord(piece, told) {
  const inside = piece.replace(/^<\s*(?:(?:mailto|smtp):)?|\s*>$/gi, '');
  if (piece.startsWith('<') && take(inside, told)) return;
  const parts = inside.split('@').length > 2 ? inside.split(/[/&]/) : [inside];
  for (const part of parts) if (part) judge(part.replace(/(@[^?]*)\?.*$/, '$1'), told);
}

function judge(part, told) {
  const cut = CUT.test(part.replace(/^[^@]*\s/, ''));
  const bare = part.replace(AROUND, '').replace(/^(_+)(.*?)_+$/, '$2');
  const typed = ADDRESS.test(bare) || !/@[^@]*_+$/.test(bare) ? bare : bare.replace(/_+$/, '');
  if (cut) told.cut.push(part);
  else if (take(typed, told)) return;
  else if (/^@[^.]*$/.test(typed) && typed !== '@') told.passed.add(typed); // `@Eva` calls somebody
  else if (/^[^@]*[^\x00-\x7f][^@]*@[^@]+\.[^@]+$/.test(typed)) told.accented.push(typed);
  else told.unknown.push(typed || part);
}

function take(typed, told) {
  const address = inAscii(typed);
  if (!ADDRESS.test(address)) return false;
  const key = address.toLowerCase();
  if (told.found.has(key)) { told.twice += 1; return true; }
  told.found.set(key, address);
  if (typed !== address) told.converted.push({ address, typed });
  if (/\+.*@/.test(address)) told.plus.push({ address, plain: address.replace(/\+.*@/, '@') });
  return true;
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
