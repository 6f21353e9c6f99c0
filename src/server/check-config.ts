/**
 * The checks of `signet check-config`. The checks open every file and connection to which the settings refer, and change nothing.
 */
import { X509Certificate } from 'node:crypto'
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import { requireRegistration, requireUsableProvider } from '../console/sso/require-provider.ts'
import { requireUsableTokenKey } from '../data-folder/token-master-key.ts'
import { wrappingOf } from '../data-folder/wrapped-master-key.ts'
import { readMasterKey } from '../data-folder/master-key.ts'
import { requireMasterKey } from '../data-folder/rotation.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom } from '../random.ts'
import { createS3ObjectStore } from '../objects/s3-object-store.ts'
import type { SyslogConfig } from '../settings/call-log-settings.ts'
import type { Config } from '../settings/config.ts'
import { readRates } from '../settings/rates-file.ts'
import { readWeakKeyFile } from '../settings/weak-key-file.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { peekMasterKeySettings } from '../store/master-keys.ts'
import { checkConfiguredToken } from './check-keys.ts'
import { checkMasterKeyInKms, checkNewKeys } from './check-kms.ts'
import { operatorMessage } from './operator-message.ts'
import { peekDatabase } from './peek-database.ts'
import { readCertificateAndKey, readClientAuthorities } from './tls/certificate-files.ts'
import { enrollNames, uncoveredNames } from './tls/listener-names.ts'
import { requireOwnAuthority } from './tls/own-authority.ts'
import { problemText, systemErrorText } from '../text/system-error.ts'

const s3Milliseconds = 10_000
/** Name of the bucket in the test request to the S3 store. The bucket does not have to exist. */
const probeBucket = 'signet-check-config'

/** Returns the problems in a configuration that would prevent `signet serve` from running. */
export async function configProblems(config: Config, clock: Clock): Promise<readonly string[]> {
  const checks = [
    () => checkCertificate(config, clock),
    () => checkClientAuthorities(config),
    () => readWeakKeyFile(config.weakKeyFile),
    () => readRates(config.rates),
    () => checkCallLog(config),
    () => checkDataFolder(config),
    () => checkDatabase(config),
    () => checkOwnAuthority(config, clock),
    () => checkObjectStore(config),
    () => checkConfiguredToken(config),
    () => checkNewKeys(config),
    () => checkMasterKeyInKms(config),
    () => checkMasterKeyInToken(config),
    () => checkSingleSignOn(config, clock),
  ]
  const found = checks.map(async (check) => {
    try {
      await check()
      return []
    } catch (error) {
      return [error instanceof ConfigurationError ? error.message : operatorMessage(error)]
    }
  })
  // If the database is unreachable, several checks fail with the same message.
  return [...new Set((await Promise.all(found)).flat())]
}

async function checkCertificate({ tls, enrollment }: Config, clock: Clock): Promise<void> {
  if (tls.kind !== 'files') return
  const { cert } = await readCertificateAndKey(tls.certFile, tls.keyFile)
  requireValid('--tls-cert', tls.certFile, { certificate: new X509Certificate(cert), clock })
  if (enrollment === undefined) return
  enrollNames(enrollment, cert)
  const uncovered = uncoveredNames(enrollment, cert)
  if (uncovered.length > 0)
    throw new ConfigurationError(
      `--enroll-names: the certificate in ${tls.certFile} is not valid for ${uncovered.join(', ')}; remove these names, or replace the certificate of --tls-cert`,
    )
}

async function checkClientAuthorities({ tls }: Config): Promise<void> {
  if (tls.clientCaFile !== undefined) await readClientAuthorities(tls.clientCaFile)
}

/** Throws ConfigurationError unless the certificate is currently valid. */
function requireValid(
  flag: string,
  file: string,
  { certificate, clock }: { readonly certificate: X509Certificate; readonly clock: Clock },
): void {
  const now = clock.now()
  if (certificate.validToDate < now)
    throw new ConfigurationError(
      `${flag}: the certificate in ${file} expired at ${certificate.validToDate.toISOString()}; replace this certificate`,
    )
  if (certificate.validFromDate > now)
    throw new ConfigurationError(
      `${flag}: the certificate in ${file} is not valid before ${certificate.validFromDate.toISOString()}; check the clock`,
    )
}

async function checkCallLog({ callLog }: Config): Promise<void> {
  const { file, syslog } = callLog ?? {}
  if (file !== undefined && file !== '-') await checkCallLogFile(file)
  if (syslog !== undefined) await checkSyslog(syslog)
}

async function checkCallLogFile(file: string): Promise<void> {
  const fileExists = await exists(file)
  await requireAccess(
    '--call-log',
    fileExists ? file : dirname(file),
    fileExists ? constants.W_OK : constants.W_OK | constants.X_OK,
  )
}

/** Connects to the syslog server without sending a message. */
async function checkSyslog(server: SyslogConfig): Promise<void> {
  const { connectSyslog } = await import('../call-log/syslog-connection.ts')
  try {
    const connection = await connectSyslog(server, new AbortController().signal)
    connection.end()
    await connection.ended
  } catch (cause) {
    throw new ConfigurationError(
      `--call-log: the syslog server ${server.host}:${server.port} cannot be used: ${problemText(cause as Error)}`,
      { cause },
    )
  }
}

/** Checks the data folder. If the data folder does not exist, checks the folder in which `signet serve` would create it. */
async function checkDataFolder({ dataDirectory, dev }: Config): Promise<void> {
  if (dev) return
  const folder = await nearestExisting(dataDirectory)
  if (!(await stat(folder)).isDirectory())
    throw new ConfigurationError(`--data: ${folder} is a file, not a folder`)
  const { R_OK, W_OK, X_OK } = constants
  await requireAccess('--data', folder, folder === dataDirectory ? R_OK | W_OK | X_OK : W_OK | X_OK)
}

async function nearestExisting(path: string): Promise<string> {
  return (await exists(path)) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

/** Checks that the database can be read and that the master key belongs to the database. */
async function checkDatabase(config: Config): Promise<void> {
  if (config.dev) return
  const [masterKey, engine] = await Promise.all([
    readMasterKey(config.masterKeyFile, wrappingOf(config)),
    loadEngine(locateDatabase(config)),
  ])
  const settings = await peekMasterKeySettings(engine)
  if (settings.check === undefined) return
  if (masterKey === undefined)
    throw new ConfigurationError(
      `--master-key-file: ${config.masterKeyFile} does not exist; the database cannot be used without its master key`,
    )
  requireMasterKey(settings, masterKey, systemRandom)
}

/**
 * Looks up the CA that --tls-self specifies. The lookup is skipped if `signet serve` would first migrate the database to a newer
 * schema.
 */
async function checkOwnAuthority(config: Config, clock: Clock): Promise<void> {
  const { tls } = config
  if (tls.kind !== 'self' || config.dev) return
  const database = await peekDatabase(config)
  try {
    await requireOwnAuthority(database, tls.authority, clock.now())
  } catch (error) {
    if (!database.exists || !database.isOutdated()) throw error
  }
}

/**
 * Checks the identity provider of the web console, and whether the provider is registered in an account. A database that does
 * not exist yet has no accounts, so no provider can be registered before the first start.
 */
async function checkSingleSignOn(config: Config, clock: Clock): Promise<void> {
  const { sso } = config
  if (sso === undefined) return
  await requireUsableProvider(sso, clock)
  if (config.dev) return
  const database = await peekDatabase(config)
  if (!database.exists) return
  try {
    await requireRegistration(database, sso)
  } catch (error) {
    if (!database.isOutdated()) throw error
  }
}

/** Checks the token key that would encrypt a new master key at the first start. */
async function checkMasterKeyInToken({
  masterKeyPkcs11: label,
  masterKeyFile,
  keys,
}: Config): Promise<void> {
  if (label === undefined || keys.pkcs11 === undefined || (await exists(masterKeyFile))) return
  await requireUsableTokenKey({ label, location: keys.pkcs11 })
}

/**
 * Sends a test request to the S3 store. A response that reports a missing or forbidden bucket shows that the store is
 * reachable.
 */
async function checkObjectStore({ objects }: Config): Promise<void> {
  if (objects.kind !== 's3') return
  const store = await createS3ObjectStore(objects)
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no response within ${s3Milliseconds / 1000} seconds`)),
      s3Milliseconds,
    )
  })
  try {
    await Promise.race([store.hasBucket(probeBucket), timeout])
  } catch (cause) {
    const name = objects.endpoint ?? `S3 in ${objects.region}`
    throw new ConfigurationError(
      `--s3-endpoint: the object store ${name} cannot be used: ${(cause as Error).message}`,
      { cause },
    )
  } finally {
    clearTimeout(timer)
    store.close()
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

async function requireAccess(flag: string, path: string, mode: number): Promise<void> {
  try {
    await access(path, mode)
  } catch (cause) {
    throw new ConfigurationError(`${flag}: ${path} cannot be used: ${systemErrorText(cause)}`, {
      cause,
    })
  }
}
