// Ways in: as the whole page at the beginning, as a dialog over a view when a key or a sign-in ends in the middle.

import { enterByToken, person, useKey } from '../api.js';
import { button, h, quiet } from '../dom.js';
import { isAway, opensToKeys, signIn, signOut, signsIn } from '../sign-in.js';
import { t } from '../texts.js';

// The ways in that there are. `done` is called when a key has been taken.
export function askAtFirst(main, done) {
  main.replaceChildren(...[
    h('h1', {}, t('page.key.title')),
    h('p', { class: 'lead' }, t('page.key.what')),
    h('ol', { class: 'promise' }, ['steps', 'proof', 'values'].map(part => h('li', {}, t(`page.key.${part}`)))),
    isAway() && h('p', { class: 'notice warning' }, t('page.signIn.away')),
    signsIn() && h('div', { class: 'actions' }, button(t('page.signIn.use'), signIn, { id: 'sign-in', class: 'primary' })),
    signsIn() && h('p', { class: 'small' }, t('page.signIn.kept')),
    opensToKeys() ? byKey(done) : h('p', { class: 'small' }, t('page.signIn.keysOff')),
  ].flat(Infinity).filter(Boolean));
}

const byKey = done => [
  signsIn() && h('h2', {}, t('page.signIn.orKey')),
  form(done),
  h('p', { class: 'small' }, t('page.key.where')),
  h('p', { class: 'small' }, t('page.key.kept')),
];

// Somebody who has signed in, and has no role: who that is, and what helps.
export function noRole(main) {
  main.replaceChildren(
    h('h1', {}, t('page.signIn.noRole')),
    h('p', { class: 'lead' }, t('page.signIn.noRoleWhat', { name: person().name })),
    h('p', {}, t('page.signIn.noRoleHint')),
    h('div', { class: 'actions' }, button(t('page.signIn.out'), signOut, { id: 'no-role-out', class: 'primary' })));
}

// Somebody who has signed in, and whose roles the app could not tell just now: that is not to have none.
export function unreadRoles(main, done) {
  const again = async () => {
    await enterByToken();
    done();
  };
  main.replaceChildren(
    h('h1', {}, t('page.signIn.unread')),
    h('p', { class: 'lead' }, t('page.signIn.unreadWhat', { name: person().name })),
    h('div', { class: 'actions' },
      button(t('page.signIn.unreadAgain'), again, { id: 'roles-again', class: 'primary' }), quiet(t('page.signIn.out'), signOut)));
}

// Another key for an operation that the present one does not open, or another sign-in after one that has ended: what was
// typed is kept for the way back. Resolves to whether a key was given; who signs in leaves the page.
export const askAgain = (operation, bySignIn) => bySignIn
  ? ask(t('page.signIn.ended'), t('page.signIn.endedWhat'),
    () => h('div', { class: 'actions' }, button(t('page.signIn.use'), signIn, { id: 'sign-in-again', class: 'primary' })))
  : ask(t('page.key.refused'), t('page.key.again', { operation: t(`page.may.${operation}`) }), done => form(done));

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
