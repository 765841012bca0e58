// Giving the certificate with which the UTM signs in: its public part, as a file or pasted. Nothing else leaves the page.

import { callOwn, whyNot } from './api.js';
import { button, complain, h } from './dom.js';
import { done } from './poll.js';
import { t } from './texts.js';

const MOST = 64 * 1024;
const PRIVATE = /PRIVATE[^A-Z0-9]{1,6}KEY|privateExponent|PuTTY-User-Key-File|openssh-key-v1|<D>/i;

// The form; `title` says for what.
export function certificateForm(name, title) {
  const why = whyNot('give_certificate');
  if (why) return h('section', { id: 'certificate', class: 'card', 'aria-label': title }, h('h2', {}, title), h('p', { class: 'hint' }, why));
  const text = h('textarea', { id: 'certificate-text', rows: 8, spellcheck: 'false', autocomplete: 'off', placeholder: '-----BEGIN CERTIFICATE-----' });
  const file = h('input', { type: 'file', id: 'certificate-file', accept: '.pem,.crt,.cer,.der' });
  const empty = () => { text.value = ''; file.value = ''; };
  const give = async () => {
    const certificate = file.files[0] ? await read(file.files[0]) : text.value;
    try {
      if (PRIVATE.test(readable(certificate))) throw refusal('private');
      if (!certificate.trim()) throw refusal('empty');
      await done(callOwn('give_certificate', 'POST', `api/connections/${name}/certificate`, { certificate }));
      empty();
    } catch (error) {
      if (error.code === 'private-key') empty();
      complain(error);
    }
  };
  return h('section', { id: 'certificate', class: 'card', 'aria-label': title },
    h('h2', {}, title), h('p', {}, t('page.certificate.what')),
    h('p', { class: 'file' }, h('label', { for: 'certificate-file' }, t('page.certificate.file')), file),
    h('p', {}, h('label', { for: 'certificate-text' }, t('page.certificate.text')), text),
    h('p', { class: 'hint' }, t('page.certificate.key')),
    h('p', { class: 'actions' }, button(t('page.certificate.give'), give, { id: 'give-certificate' })));
}

// A file goes as base64 of what it holds, whatever that is: the app tells one form from another.
async function read(file) {
  if (file.size > MOST) throw refusal('large');
  const bytes = new Uint8Array(await file.arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}

// What a person would read of it: a private key is not even sent.
function readable(certificate) {
  try {
    return `${certificate}\n${atob(certificate.replaceAll(/\s/g, '')).replaceAll('\0', '')}`;
  } catch {
    return certificate;
  }
}

const refusal = why => Object.assign(new Error(t(`page.certificate.${why}`)), { title: t('page.certificate.refused'), code: why === 'private' ? 'private-key' : why });
