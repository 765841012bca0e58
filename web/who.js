// Who has asked for something: a name with the id behind it, the digits of a key, or the app itself.

import { h } from './dom.js';
import { t } from './texts.js';

export function who({ kind, key, id, name }) {
  if (kind === 'timer') return t('page.history.itself');
  if (kind === 'key') return t('page.history.key', { key: key ?? '–' });
  const said = t(`page.history.${kind}`, { id, name: name ?? id });
  return kind === 'person' ? h('span', { title: id }, said) : said;
}
