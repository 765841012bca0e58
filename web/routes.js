// What a key has to open for each view: a link is shown only where it leads somewhere.

import { may } from './api.js';

export const NEEDS = {
  overview: [],
  new: ['create_connection', 'read_plan'],
  connection: ['read_connection'],
  again: ['create_connection', 'read_connection', 'read_plan'],
  remove: ['remove_connection', 'read_plan'],
  change: ['create_connection', 'read_connection', 'read_plan'],
  'hand-over': ['read_parameters'],
  renewal: ['read_connection', 'rotate_secret', 'confirm_secret'],
  sheet: ['read_connection', 'read_health'],
  report: ['read_report'],
  history: ['read_history'],
  targets: ['list_targets'],
  target: ['read_target'],
};

export const leads = view => NEEDS[view].every(may);
