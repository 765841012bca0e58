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
export function askAgain(operation) {
  return new Promise(resolve => {
    const dialog = h('dialog', { 'aria-labelledby': 'refused' });
    const end = given => {
      dialog.close();
      dialog.remove();
      resolve(given);
    };
    dialog.append(
      h('h2', { id: 'refused' }, t('page.key.refused')),
      h('p', {}, t('page.key.again', { operation: t(`page.may.${operation}`) })),
      form(() => end(true)),
      quiet(t('page.cancel'), () => end(false)));
    dialog.addEventListener('cancel', event => {
      event.preventDefault();
      end(false);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function form(done) {
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
      if (await useKey(field.value.trim())) {
        field.value = '';
        done();
      } else {
        wrong.textContent = t('page.key.wrong');
        field.setAttribute('aria-invalid', 'true');
        field.select();
      }
    } catch (error) {
      wrong.textContent = `${error.title ?? t('page.problem.title')} ${error.detail ?? error.message}`; // a dialog hides what is said behind it
    } finally {
      use.removeAttribute('aria-disabled');
    }
  };
  const use = h('button', { class: 'primary' }, t('page.key.use'));
  return h('form', { onsubmit: submit, class: 'key' }, h('label', { for: 'key' }, t('page.key.label')), field, use, wrong);
}
