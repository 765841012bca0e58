// Asking for a key: as the whole page at the beginning, as a dialog over a view when one is refused in the middle.

import { useKey } from '../api.js';
import { h, quiet } from '../dom.js';
import { t } from '../texts.js';

// The first key. `done` is called when one has been taken.
export function askAtFirst(main, done) {
  main.replaceChildren(
    h('h1', {}, t('page.key.title')),
    h('p', { class: 'lead' }, t('page.key.what')),
    h('ol', { class: 'promise' }, ['steps', 'proof', 'values'].map(part => h('li', {}, t(`page.key.${part}`)))),
    form(done),
    h('p', { class: 'small' }, t('page.key.where')),
    h('p', { class: 'small' }, t('page.key.kept')));
}

// Another key for an operation that the present one does not open. Resolves to whether one was given.
export const askAgain = operation => ask(
  t('page.key.refused'), t('page.key.again', { operation: t(`page.may.${operation}`) }), done => form(done));

// A key for this once, for what is a right of its own. `opens` tries it; the tab's own key stays. Resolves as above.
export function askOnce(operation, opens) {
  const what = { operation: t(`page.may.${operation}`), function: operation };
  const texts = { use: t('page.key.ownUse'), wrong: t('page.key.ownWrong', what) };
  return ask(t('page.key.own'), t('page.key.ownWhat', what), done => form(done, opens, texts));
}

function ask(title, words, fields) {
  return new Promise(resolve => {
    const dialog = h('dialog', { 'aria-labelledby': 'refused' });
    const end = given => {
      dialog.close();
      dialog.remove();
      resolve(given);
    };
    dialog.append(
      h('h2', { id: 'refused' }, title), h('p', {}, words), fields(() => end(true)), quiet(t('page.cancel'), () => end(false)));
    dialog.addEventListener('cancel', event => {
      event.preventDefault();
      end(false);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function form(done, take = useKey, { use: label = t('page.key.use'), wrong: refused = t('page.key.wrong') } = {}) {
  const wrong = h('p', { class: 'wrong', role: 'alert', id: 'key-wrong' });
  const field = h('input', {
    id: 'key', class: 'masked', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', required: true,
    'aria-describedby': 'key-wrong',
  });
  const submit = async event => {
    event.preventDefault();
    if (use.hasAttribute('aria-disabled')) return;
    use.setAttribute('aria-disabled', 'true');
    wrong.textContent = '';
    try {
      if (await take(field.value.trim())) {
        field.value = '';
        done();
      } else {
        wrong.textContent = refused;
        field.setAttribute('aria-invalid', 'true');
        field.select();
      }
    } catch (error) {
      wrong.textContent = `${error.title ?? t('page.problem.title')} ${error.detail ?? error.message}`; // a dialog hides what is said behind it
    } finally {
      use.removeAttribute('aria-disabled');
    }
  };
  const use = h('button', { class: 'primary' }, label);
  return h('form', { onsubmit: submit, class: 'key' }, h('label', { for: 'key' }, t('page.key.label')), field, use, wrong);
}
