/**
 * A locked server, which does not have its master key. A locked server serves CRLs and stored OCSP responses, refuses all other
 * requests, and waits for shares of the master key.
 */
import { bucketsFolder, pathsOf } from '../data-folder/data-folder.ts'
import { readManifest } from '../data-folder/locked.ts'
import type { MasterKey } from '../data-folder/master-key.ts'
import { neededKeyIds, requireMasterKey } from '../data-folder/rotation.ts'
import { ConfigurationError } from '../errors.ts'
import { enrollErrorAnswer } from '../http/enroll-routes.ts'
import type { Listener } from '../http/listener.ts'
import { lockedApiRoutes, lockedEnrollRoutes, lockedPublicRoutes } from '../http/locked-routes.ts'
import { createPlainServer, createTlsServer, type ListenerServices } from '../http/server.ts'
import { serveLocally } from '../local-channel/serve.ts'
import { createEmbeddedObjectStore } from '../objects/embedded-object-store.ts'
import { createLockedOcspRoute } from '../ocsp/locked-route.ts'
import type { Config } from '../settings/config.ts'
import type { Address } from '../settings/parse-values.ts'
import type { Database } from '../store/database.ts'
import type { Engine } from '../store/engine.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { peekMasterKeySettings } from '../store/master-keys.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import { listenOn, reservePort } from './public-port.ts'
import type { ProcessContext } from './runtime.ts'
import { createUnlockHandler, type EnteredShare } from './unlock-requests.ts'
import { readCertificateAndKey, readClientAuthorities } from './tls/certificate-files.ts'

type LockedContext = Pick<ProcessContext, 'clock' | 'random' | 'log'>

/** The restored master key, and the shares that restored it. */
interface Unlocked {
  readonly masterKey: MasterKey
  readonly enteredShares: readonly EnteredShare[]
}

/**
 * Serves requests until enough shares have been entered with `signet unlock`, and returns the master key. Returns undefined if
 * `stopped` resolves first. Throws ConfigurationError if the database does not exist or a listener cannot be started.
 */
export async function waitForMasterKey(
  config: Config,
  context: LockedContext,
  { stopped, print }: { readonly stopped: Promise<void>; readonly print: (text: string) => void },
): Promise<Unlocked | undefined> {
  await using stack = new AsyncDisposableStack()
  await prepareDataFolder(config.dataDirectory, pathsOf(config))
  const engine = await loadEngine(locateDatabase(config))
  const settings = await peekMasterKeySettings(engine)
  const needed = neededKeyIds(settings)
  if (needed.length === 0)
    throw new ConfigurationError(
      `${config.dataDirectory} contains no database yet, so there is nothing to unlock; start without --locked`,
    )
  if (!engine.isShared) {
    const lock = lockFolder(config.dataDirectory)
    stack.defer(() => lock.release())
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<Unlocked | undefined>()
  stopped.then(
    () => end(undefined),
    () => end(undefined),
  )
  const handler = createUnlockHandler({
    needed,
    manifest: await readManifest(config),
    path: config.masterKeyFile,
    accept(masterKey, enteredShares) {
      requireMasterKey(settings, masterKey, context.random)
      end({ masterKey, enteredShares })
    },
    clock: context.clock,
    log: context.log,
  })
  const db = await openDatabase(engine, context.log)
  stack.defer(() => db?.close())
  const publicUrl = await serveLocked(config, { ...context, stack, db })
  const closeChannel = await serveLocally(config.dataDirectory, handler, context.log)
  stack.defer(() => closeChannel())
  context.log.warn(
    { masterKeyIds: needed },
    'locked: waiting for shares of the master key (signet unlock)',
  )
  print(lockedGreeting(config, publicUrl))
  // The listeners of the locked server are closed when this function returns.
  const unlocked = await ended
  return unlocked
}

function lockedGreeting({ dataDirectory }: Config, publicUrl: string): string {
  return [
    `Signet is locked, because it has no master key. The locked server serves CRLs and stored OCSP responses at ${publicUrl}`,
    `Data: ${dataDirectory}`,
    '',
    "To enter a share of the master key, run this command on each holder's terminal:",
    '',
    `  signet unlock --data ${dataDirectory}`,
    '',
  ].join('\n')
}

interface LockedServing extends LockedContext {
  readonly stack: AsyncDisposableStack
  readonly db: Database | undefined
}

/**
 * Opens the database to read stored OCSP responses. Returns undefined if the database cannot be read. The server then sends no
 * OCSP responses until it is unlocked.
 */
async function openDatabase(
  engine: Engine,
  log: LockedContext['log'],
): Promise<Database | undefined> {
  try {
    return await engine.openReadOnly()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    log.warn({ reason: error.message }, 'locked: stored OCSP responses cannot be served')
    return undefined
  }
}

/** Starts the listeners of a locked server, and returns the URL of the public listener. */
async function serveLocked(config: Config, serving: LockedServing): Promise<string> {
  const { clock, random, log, stack, db } = serving
  const { limits, basePath, revocationPolicy } = config
  const publicPort = stack.use(await reservePort(config.publicListen))
  const publicUrl = config.publicUrl ?? publicPort.url
  const directory = bucketsFolder(config)
  const publicObjects =
    config.objects.kind === 's3'
      ? undefined
      : createEmbeddedObjectStore({ directory, publicUrl, clock, random })
  const routes = {
    log,
    publicUrl,
    publicObjects,
    clock,
    ocsp: createLockedOcspRoute(db, { clock, revocationPolicy }),
  }
  const services = { log, random, limits, basePath }
  const publicServer = createPlainServer(services, lockedPublicRoutes(routes))
  stack.defer(() => publicServer.close())
  await listenOn(publicServer, publicPort)
  for (const { server, address } of await refusingServers(config, services)) {
    stack.defer(() => server.close())
    await listenOn(server, address)
  }
  return publicUrl
}

/**
 * Returns the API listener and the enrollment listener, which refuse all requests. Listeners with self-issued certificates are
 * omitted, because issuing a certificate would require a key from the database.
 */
async function refusingServers(
  { tls, listen, enrollment }: Config,
  services: ListenerServices,
): Promise<{ readonly server: Listener; readonly address: Address }[]> {
  const apiRoutes = lockedApiRoutes(services)
  if (tls.kind === 'self') return []
  if (tls.kind === 'none')
    return [{ server: createPlainServer(services, apiRoutes), address: listen }]
  const pair = await readCertificateAndKey(tls.certFile, tls.keyFile)
  const ca =
    tls.clientCaFile === undefined ? undefined : await readClientAuthorities(tls.clientCaFile)
  const server = createTlsServer(services, apiRoutes, { ...pair, ca })
  if (enrollment === undefined) return [{ server, address: listen }]
  const enrollRoutes = lockedEnrollRoutes(services)
  const enrollServer = createTlsServer(
    { ...services, errorFormat: enrollErrorAnswer },
    enrollRoutes,
    { ...pair, ca: undefined },
  )
  return [
    { server, address: listen },
    { server: enrollServer, address: enrollment.listen },
  ]
}
