/** The PKCS #12 file of `signet issue --pkcs12`, which `signet renew` replaces. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigurationError } from '../errors.ts'
import type { Random } from '../random.ts'
import { parsePem } from '../x509/pem.ts'
import { encodePkcs12, pkcs12PasswordProblem } from '../x509/pkcs12.ts'

export { passwordLengthMin } from '../x509/pkcs12.ts'

export interface Pkcs12Options {
  /** Absolute path of the PKCS #12 file. */
  readonly path: string
  readonly password: string
  /** Absolute path of the file that contained the password; undefined if the password came from a prompt or a pipe. */
  readonly passwordFile: string | undefined
  readonly random: Random
}

/** Throws ConfigurationError for a password that is too short, or that different programs would encode differently. */
export function requirePkcs12Password(password: string): void {
  const problem = pkcs12PasswordProblem(password)
  if (problem !== undefined) throw new ConfigurationError(problem)
}

/** Throws ConfigurationError if the parent folder of the PKCS #12 file does not exist. */
export function requirePkcs12Folder(path: string): void {
  if (!existsSync(dirname(path)))
    throw new ConfigurationError(
      `the folder ${dirname(path)} for the PKCS #12 file does not exist; create the folder`,
    )
}

/** Returns the content of a PKCS #12 file for a key and certificates in PEM. */
export function pkcs12Content(
  pem: { readonly key: string; readonly certificates: string },
  friendlyName: string,
  { password, random }: Pkcs12Options,
): Promise<Uint8Array> {
  const [key] = parsePem(pem.key)
  if (key === undefined) throw new Error('the PEM file contains no private key')
  const certificates = parsePem(pem.certificates).map(({ der }) => der)
  return encodePkcs12({ privateKey: key.der, certificates, friendlyName }, { password, random })
}
