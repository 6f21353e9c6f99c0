/** The settings of the web console and of its single sign-on. */
import { nonEmpty, oneOf, secureUrl } from './parse-values.ts'
import { setting } from './setting.ts'

/** The settings in this file are part of the table in settings-table.ts. */
export const consoleSettings = {
  console: setting(
    'MODE',
    'whether the API listener serves the web console at /console/: on, or off',
    oneOf(['on', 'off']),
    'on',
  ),
  consoleSsoIssuer: setting(
    'URL',
    'issuer URL of the OpenID Connect identity provider for single sign-on to the web console (default: no single sign-on)',
    issuerUrl,
  ),
  consoleSsoClientId: setting(
    'ID',
    'client ID of the web console at the identity provider',
    clientId,
  ),
  consoleSsoClientSecretFile: setting(
    'FILE',
    'file whose first line is the client secret of a confidential client; the server reads the file again for each sign-in',
    nonEmpty,
  ),
  consoleSsoScopes: setting(
    'SCOPE,…',
    'scopes that the web console requests; some identity providers need offline_access for renewal without interaction',
    scopes,
    'openid,profile,email',
  ),
} as const

/** Parses an issuer URL. A trailing slash is part of an issuer's name, so it is not removed. */
function issuerUrl(text: string): string {
  secureUrl(text)
  if (text.length > 255) throw new Error('must be a URL of at most 255 characters')
  return text
}

/** Parses a client ID, which must be printable ASCII (RFC 6749 appendix A.1). */
function clientId(text: string): string {
  if (!/^[\x20-\x7E]{1,255}$/.test(text))
    throw new Error('must have 1 to 255 printable ASCII characters')
  return text
}

/** Parses scopes separated by commas or spaces (RFC 6749 §3.3). */
function scopes(text: string): readonly string[] {
  const all = [...new Set(text.split(/[\s,]+/).filter((scope) => scope !== ''))]
  if (!all.includes('openid')) throw new Error('must contain openid')
  if (text.length > 1000 || all.some((scope) => !/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(scope)))
    throw new Error('must be scopes separated by commas, of at most 1000 characters in total')
  return all
}
