/** The configuration of the web console and of its single sign-on. */
import { resolve } from 'node:path'
import type { Read } from './read-setting.ts'

/** Single sign-on to the web console. */
export interface SsoConfig {
  /** Issuer URL, exactly as in the `iss` claim of ID tokens. */
  readonly issuer: string
  readonly clientId: string
  /** Absolute path of the file with the client secret; undefined for a public client. */
  readonly clientSecretFile: string | undefined
  readonly scopes: readonly string[]
}

interface ConsoleConfig {
  readonly console: boolean
  /** Single sign-on; undefined if it is not configured. */
  readonly sso: SsoConfig | undefined
}

/** Reads the console's settings, and adds invalid combinations to `problems`. */
export function consoleConfig(read: Read, problems: string[]): ConsoleConfig {
  const console = read('console') === 'on'
  const issuer = read('consoleSsoIssuer')
  const id = read('consoleSsoClientId')
  const secretFile = read('consoleSsoClientSecretFile')
  const requested = read('consoleSsoScopes') ?? []
  if ((issuer === undefined) !== (id === undefined))
    problems.push('--console-sso-issuer requires --console-sso-client-id, and vice versa')
  if (secretFile !== undefined && issuer === undefined)
    problems.push('--console-sso-client-secret-file requires --console-sso-issuer')
  if (issuer !== undefined && !console)
    problems.push('--console-sso-issuer cannot be combined with --console off')
  if (issuer === undefined || id === undefined) return { console, sso: undefined }
  const clientSecretFile = secretFile === undefined ? undefined : resolve(secretFile)
  return { console, sso: { issuer, clientId: id, clientSecretFile, scopes: requested } }
}
