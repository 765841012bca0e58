// Lines for a person to run: each value as one literal argument of the shell, as connector/quoting.py has it for the API.

// PowerShell takes all five for a single quotation mark, each for any other.
export const powershell = text => `'${text.replace(/['\u2018-\u201b]/g, '$&$&')}'`;

export const bash = text => /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
