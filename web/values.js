// The values that a person types into the UTM, each with its label there; the secret only when it is asked for.

import { copy, h, quiet } from './dom.js';
import { language, LANGUAGES, t } from './texts.js';

const VISIBLE = 60_000;

// The label as the UTM shows it in the reader's language, the other one beside it.
function label(field, values) {
  const other = LANGUAGES.find(lang => lang !== language());
  return [values.labels[language()][field], h('small', {}, t('page.handOver.other', { label: values.labels[other][field] }))];
}

export const value = (field, text, values) => h('div', { class: 'value' },
  h('label', { for: field }, label(field, values)),
  h('output', { id: field }, text),
  copy(text, values.labels[language()][field], { id: `copy-${field}` }));

// A certificate is compared, and not typed: by the thumbprint as Entra shows it, and by the longer one.
export const certificate = values => [
  value('certificate', values.secret.thumbprints.sha1, values),
  h('p', { class: 'hint address' }, `SHA-256: ${values.secret.thumbprints.sha256}`)];

// The secret is asked for when it is to be seen or copied, and forgotten when it is hidden, left, or a minute has passed.
export function hidden(secret, values, signal) {
  const name = values.labels[language()].clientSecret;
  const place = h('output', { id: 'clientSecret', 'aria-live': 'off' }, t('page.handOver.hidden'));
  let timer = null;
  const hide = () => {
    clearTimeout(timer);
    place.replaceChildren(t('page.handOver.hidden'));
    place.classList.remove('shown');
    toggle.textContent = t('page.handOver.show');
  };
  const toggle = quiet(t('page.handOver.show'), async () => {
    if (place.classList.contains('shown')) return hide();
    place.replaceChildren(await secret());
    place.classList.add('shown');
    toggle.textContent = t('page.handOver.hide');
    timer = setTimeout(hide, VISIBLE);
    return null;
  }, { id: 'show-secret' });
  signal.addEventListener('abort', hide, { once: true });
  addEventListener('pagehide', hide, { signal });
  return h('div', { class: 'value' },
    h('label', { for: 'clientSecret' }, label('clientSecret', values)), place,
    h('span', { class: 'pair' }, toggle, copy(secret, name, { id: 'copy-clientSecret' })));
}
