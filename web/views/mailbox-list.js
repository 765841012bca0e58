// The field that takes the mailboxes: typed, pasted, or a file dropped on it; and what has been understood of it.

import { addresses } from '../addresses.js';
import { complain, draw, h } from '../dom.js';
import { count, t } from '../texts.js';
import { difference } from '../wish.js';

const MOST = 2_000_000; // bytes: 5,000 mailboxes with ten columns beside each
const WORKBOOK = /^(?:PK\x03\x04|\xd0\xcf\x11\xe0)/; // .xlsx is a zip, .xls an OLE file

export const blocking = read => [...read.unknown, ...read.cut, ...read.accented];

const some = words => words.slice(0, 10).join(', ') + (words.length > 10 ? ' …' : '');

// Say under the field what it holds. `now` are the mailboxes of a connection that is changed, else null.
export function describeList(text, now) {
  const read = addresses(text);
  const { list, twice, passed, unknown, cut, accented, converted, plus } = read;
  const moved = now && difference(now, list);
  const told = (path, words, tag) => words.length > 0 && h(tag, {}, ` ${t(`page.form.${path}`, { words: some(words) })}`);
  draw(document.getElementById('mailboxes-read'), [read, moved], () => [
    count('page.form.read', list.length),
    twice > 0 && ` ${count('page.form.twice', twice)}`,
    told('passed', passed, 'span'),
    told('converted', converted.map(({ address, typed }) => `${address} (${typed})`), 'span'),
    told('plus', plus.map(({ address, plain }) => `${address} → ${plain}`), 'span'),
    told('unknown', unknown, 'strong'), told('cut', cut, 'strong'), told('accented', accented, 'strong'),
    moved && ` ${t('page.form.difference', { added: moved.added.length, removed: moved.removed.length })}`,
  ]);
}

// The way for those who do not drag, and what makes the field take a dropped file.
export function filesFor(textarea) {
  const take = async file => {
    try {
      const text = await textOf(file);
      textarea.value = [textarea.value.trimEnd(), text.trimEnd()].filter(Boolean).join('\n');
      textarea.dispatchEvent(new Event('input', { bubbles: true }));
    } catch (error) {
      complain(error);
    }
  };
  const holdsFile = event => event.dataTransfer?.types.includes('Files');
  textarea.addEventListener('dragover', event => { if (holdsFile(event)) event.preventDefault(); });
  textarea.addEventListener('drop', event => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    for (const file of event.dataTransfer.files) take(file);
  });
  const choose = h('input', { type: 'file', id: 'mailboxes-file', accept: '.csv,.txt,.tsv,.json,.md,text/plain,text/csv' });
  choose.addEventListener('change', () => { for (const file of choose.files) take(file); choose.value = ''; });
  return h('p', { class: 'hint file' }, h('label', { for: 'mailboxes-file' }, t('page.form.file')), choose);
}

async function textOf(file) {
  if (file.size > MOST) throw new Error(t('page.form.fileTooLarge', { name: file.name }));
  const bytes = new Uint8Array(await file.arrayBuffer());
  const first = String.fromCharCode(...bytes.subarray(0, 4));
  if (WORKBOOK.test(first)) throw new Error(t('page.form.fileIsWorkbook', { name: file.name }));
  if (first.startsWith('\xff\xfe')) return new TextDecoder('utf-16le').decode(bytes);
  if (first.startsWith('\xfe\xff')) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes); // as a German Excel saves CSV
  }
}
