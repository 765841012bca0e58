// Signing in with Microsoft Entra: authorization code with PKCE. The tokens live in this module's memory and nowhere else:
// what waits in sessionStorage for the way back opens nothing by itself, and goes as soon as somebody is back.

const PENDING = 'utm-mail-connect.sign-in';
const EARLY = 60_000;
const HOME = new URL('/', location.href).href;

let doors = { keys: true, signIn: null, away: false };
let oauth = null;
let login = null;
let client = null;
let tokens = null;
let renewing = null;
const returned = takeAnswer();

// What the login says stands in the address until it is taken out, which is the first thing that the page does: whoever goes
// on to another view while it is still finding out how one comes in here would write over the code, and not be signed in.
function takeAnswer() {
  const answer = new URLSearchParams(location.hash.slice(1));
  if (!answer.has('state') || !(answer.has('code') || answer.has('error'))) return null;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? 'null');
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, '', pending?.at || '#/');
  return { answer, pending };
}

// Find out how one comes in here. Who only has keys loads nothing for signing in.
export async function findDoors() {
  doors = await (await fetch('assets/doors.json', { cache: 'no-store' })).json();
  if (!doors.signIn) return doors;
  oauth = await import('./vendor/oauth4webapi.js');
  const { authority, tenantId, issuer, clientId } = doors.signIn;
  const at = `${authority}/${tenantId}/oauth2/v2.0`;
  login = { issuer, authorization_endpoint: `${at}/authorize`, token_endpoint: `${at}/token`, end_session_endpoint: `${at}/logout` };
  client = { client_id: clientId };
  return doors;
}

export const opensToKeys = () => doors.keys;
export const signsIn = () => doors.signIn !== null;
export const isAway = () => doors.away;
export const signedIn = () => tokens !== null;
export const nameOf = () => tokens?.name ?? '';

// Leave for the login; `comeBack` goes on where this was.
export async function signIn() {
  const pending = {
    verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), at: location.hash,
  };
  const asked = new URL(login.authorization_endpoint);
  asked.search = new URLSearchParams({
    client_id: client.client_id, redirect_uri: HOME, response_type: 'code', scope: doors.signIn.scope,
    response_mode: 'fragment', // no code in a request to this app, so in none of its logs
    state: pending.state, nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier), code_challenge_method: 'S256',
  });
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  location.assign(asked);
  return new Promise(() => {}); // the page ends here
}

// Who comes back from the login has a code in the address: it has been taken out, and is exchanged here.
export async function comeBack() {
  const { answer, pending } = returned ?? {};
  if (!pending || !signsIn()) return;
  const agreed = oauth.validateAuthResponse(login, client, answer, pending.state);
  const response = await oauth.authorizationCodeGrantRequest(login, client, oauth.None(), agreed, HOME, pending.verifier);
  keep(await oauth.processAuthorizationCodeResponse(login, client, response, { expectedNonce: pending.nonce, requireIdToken: true }));
}

// A token that still holds, renewed without a word where Entra allows that; null where one has to sign in again.
export async function token(anew = false) {
  if (tokens?.refresh && (anew || tokens.until - Date.now() < EARLY)) {
    renewing ??= renew().finally(() => { renewing = null; });
    await renewing;
  }
  return tokens?.access ?? null;
}

async function renew() {
  const before = tokens;
  try {
    const more = { additionalParameters: { scope: doors.signIn.scope } }; // without it Entra refuses: AADSTS90009
    const response = await oauth.refreshTokenGrantRequest(login, client, oauth.None(), before.refresh, more);
    const given = await oauth.processRefreshTokenResponse(login, client, response);
    if (tokens === before) keep(given);
  } catch (error) {
    if (tokens !== before) return; // somebody has signed out meanwhile
    // Refused is final: somebody has to sign in again. Who is only offline goes on with what there is while it holds.
    if (error instanceof oauth.ResponseBodyError) tokens = { ...before, access: null, refresh: null };
    else if (before.until <= Date.now()) tokens = { ...before, access: null };
  }
}

function keep(given) {
  const said = oauth.getValidatedIdTokenClaims(given);
  tokens = {
    access: given.access_token, refresh: given.refresh_token ?? tokens?.refresh, name: said?.name ?? tokens?.name ?? '',
    until: Date.now() + given.expires_in * 1000,
  };
}

export function dropTokens() {
  tokens = null;
}

// End the session at Entra too: the next one at this machine must not come in by a click.
export function signOut() {
  tokens = null;
  const asked = new URL(login.end_session_endpoint);
  asked.search = new URLSearchParams({ post_logout_redirect_uri: HOME });
  location.assign(asked);
}
