// What somebody has typed and not sent yet: it survives a reload, a refused key and a look elsewhere. It holds no secret.

const at = name => `utm-mail-connect.draft.${name}`;

export const kept = name => JSON.parse(sessionStorage.getItem(at(name)) ?? 'null');
export const drop = name => sessionStorage.removeItem(at(name));
export const keep = (name, fields) =>
  Object.keys(fields).length ? sessionStorage.setItem(at(name), JSON.stringify(fields)) : drop(name);
