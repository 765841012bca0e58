// A table; on a phone each row is a block of its own, with each value under the name of its column.

import { h } from './dom.js';

// `label` says what it is of, `columns` are their names, `rows` are made by `row`. The roles are said since a browser
// forgets them where it does not draw a table as one.
export const table = (label, columns, rows, attributes = {}) => h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label },
  h('table', { class: 'stacks', role: 'table' },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map(name => h('th', { scope: 'col', role: 'columnheader' }, name)))),
    h('tbody', { role: 'rowgroup', ...attributes }, rows)));

export function row(columns, cells, attributes = {}) {
  cells.forEach((one, index) => { one.dataset.column = columns[index]; });
  return h('tr', { role: 'row', ...attributes }, cells);
}

export const cell = (content, attributes = {}) => h('td', { role: 'cell', ...attributes }, content);

export const heading = content => h('th', { scope: 'row', role: 'rowheader' }, content);
