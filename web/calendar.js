// The end of a client secret as an iCalendar file (RFC 5545): one whole day, with alarms ahead of it.

const ALARMS = [30, 14, 7, 1];
const LINE = 75;

const escaped = text => text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
// The day as the sheet writes it: where the reader is.
const date = time => [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(part => String(part).padStart(2, '0')).join('');

// `uid` is the same for the same secret, so that a second import changes the entry instead of adding one.
export function expiry({ uid, expiresOn, title, description }, now = new Date()) {
  const end = new Date(expiresOn);
  const lines = [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//UTM Mail Connect//EN', 'BEGIN:VEVENT',
    `UID:${uid}@utm-mail-connect`,
    `DTSTAMP:${now.toISOString().replace(/[-:]|\.\d+/g, '')}`,
    `DTSTART;VALUE=DATE:${date(end)}`,
    `DTEND;VALUE=DATE:${date(new Date(end.getFullYear(), end.getMonth(), end.getDate() + 1))}`,
    'TRANSP:TRANSPARENT',
    `SUMMARY:${escaped(title)}`, `DESCRIPTION:${escaped(description)}`,
    ...ALARMS.flatMap(days => ['BEGIN:VALARM', 'ACTION:DISPLAY', `TRIGGER:-P${days}D`, `DESCRIPTION:${escaped(title)}`, 'END:VALARM']),
    'END:VEVENT', 'END:VCALENDAR',
  ];
  return lines.map(folded).join('\r\n') + '\r\n';
}

// A line has at most 75 octets; its continuation begins with a space.
function folded(line) {
  const parts = [];
  let part = '';
  for (const character of line) {
    if (new TextEncoder().encode(part + character).length > LINE) {
      parts.push(part);
      part = ' ';
    }
    part += character;
  }
  return [...parts, part].join('\r\n');
}
