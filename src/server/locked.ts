/** A server without its master key: it serves CRLs, refuses everything else, and waits for shares of the key. */
import { bucketsFolder, pathsOf } from '../data-folder/data-folder.ts'
import { parseShare, ShareCollector } from '../data-folder/key-shares.ts'
import type { MasterKey } from '../data-folder/master-key.ts'
import { neededKeyIds, requireMasterKey } from '../data-folder/rotation.ts'
import { ConfigurationError } from '../errors.ts'
import { lockedApiRoutes, lockedPublicRoutes } from '../http/locked-routes.ts'
import { createPlainServer, createTlsServer } from '../http/server.ts'
import type { LocalRequest } from '../local-channel/messages.ts'
import { serveLocally, type LocalHandler } from '../local-channel/serve.ts'
import { createEmbeddedObjectStore } from '../objects/embedded-object-store.ts'
import { createLockedOcspRoute } from '../ocsp/locked-route.ts'
import type { Config } from '../settings/config.ts'
import { loadEngine, locateDatabase } from '../store/engines/index.ts'
import { peekMasterKeySettings } from '../store/master-keys.ts'
import { lockFolder, prepareDataFolder } from '../store/sqlite/folder-lock.ts'
import { listenOn, reservePort } from './public-port.ts'
import type { ProcessContext } from './runtime.ts'
import { readCertificateAndKey, readClientAuthorities } from './tls/certificate-files.ts'

type LockedContext = Pick<ProcessContext, 'clock' | 'random' | 'log'>

/**
 * Serves until enough shares are entered with `signet unlock`, and returns the master key. Returns undefined if `stopped` resolves
 * first. Throws ConfigurationError if the database does not exist or the listeners cannot listen.
 */
export async function waitForMasterKey(
  config: Config,
  context: LockedContext,
  { stopped, print }: { readonly stopped: Promise<void>; readonly print: (text: string) => void },
): Promise<MasterKey | undefined> {
  await using stack = new AsyncDisposableStack()
  await prepareDataFolder(config.dataDirectory, pathsOf(config))
  const engine = await loadEngine(locateDatabase(config))
  const settings = await peekMasterKeySettings(engine)
  const needed = neededKeyIds(settings)
  if (needed.length === 0)
    throw new ConfigurationError(
      `${config.dataDirectory} has no database yet, so there is nothing to unlock; start without --locked`,
    )
  if (!engine.isShared) {
    const lock = lockFolder(config.dataDirectory)
    stack.defer(() => lock.release())
  }
  const collector = new ShareCollector(config.masterKeyFile)
  const { promise: ended, resolve: end } = Promise.withResolvers<MasterKey | undefined>()
  stopped.then(
    () => end(undefined),
    () => end(undefined),
  )
  const handler = createUnlockHandler(collector, {
    needed,
    accept(key) {
      requireMasterKey(settings, key, context.random)
      end(key)
    },
    log: context.log,
  })
  const reason = (): string => reasonOf(collector)
  const publicUrl = await serveLocked(config, { ...context, stack, reason })
  const closeChannel = await serveLocally(config.dataDirectory, handler, context.log)
  stack.defer(() => closeChannel())
  context.log.warn(
    { masterKeyIds: needed },
    'locked: waiting for shares of the master key (signet unlock)',
  )
  print(lockedGreeting(config, publicUrl))
  // The listeners close after this.
  const key = await ended
  return key
}

function lockedGreeting({ dataDirectory }: Config, publicUrl: string): string {
  return [
    `Signet is locked: it has no master key. It serves CRLs at ${publicUrl}`,
    `Data: ${dataDirectory}`,
    '',
    'To enter shares of the master key, each on a terminal of its holder:',
    '',
    `  signet unlock --data ${dataDirectory}`,
    '',
  ].join('\n')
}

function reasonOf({ received, threshold }: ShareCollector): string {
  const count = threshold === undefined ? '' : ` (${received} of ${threshold} shares entered)`
  return `locked: the server waits for shares of its master key${count}; enter them with: signet unlock`
}

interface UnlockOptions {
  /** IDs of the master keys, one of which decrypts the database. */
  readonly needed: readonly string[]
  /** Throws ConfigurationError if the key does not open the database. */
  readonly accept: (key: MasterKey) => void
  readonly log: ProcessContext['log']
}

function createUnlockHandler(
  collector: ShareCollector,
  { needed, accept, log }: UnlockOptions,
): LocalHandler {
  return async (request: LocalRequest) => {
    if (request.command !== 'unlock')
      throw new ConfigurationError(
        'the server is locked; enter shares of its master key with: signet unlock',
      )
    const share = parseShare(request.share)
    if (!needed.includes(share.masterKeyId))
      throw new ConfigurationError(
        `the share belongs to the master key ${share.masterKeyId}, but the database needs the key ${needed.join(' or ')}`,
      )
    const key = await collector.add(share)
    const { number, threshold } = share
    const received = key === undefined ? collector.received : threshold
    log.warn({ share: number, received, threshold }, 'a share of the master key was entered')
    if (key !== undefined) accept(key)
    return { Share: number, Received: received, Threshold: threshold, Unlocked: key !== undefined }
  }
}

interface LockedServing extends LockedContext {
  readonly stack: AsyncDisposableStack
  readonly reason: () => string
}

/** Starts the two listeners, and returns the URL of the public one. With `--tls-self` there is no API listener yet, because its certificate needs a CA key. */
async function serveLocked(config: Config, serving: LockedServing): Promise<string> {
  const { clock, random, log, stack, reason } = serving
  const { limits, basePath, tls } = config
  const publicPort = stack.use(await reservePort(config.publicListen))
  const publicUrl = config.publicUrl ?? publicPort.url
  const directory = bucketsFolder(config)
  const publicObjects =
    config.objects.kind === 's3'
      ? undefined
      : createEmbeddedObjectStore({ directory, publicUrl, clock, random })
  const services = { log, random, limits, basePath }
  const routes = {
    log,
    reason,
    publicUrl,
    publicObjects,
    clock,
    ocsp: createLockedOcspRoute(clock),
  }
  const publicServer = createPlainServer(services, lockedPublicRoutes(routes))
  stack.defer(() => publicServer.close())
  await listenOn(publicServer, publicPort)
  if (tls.kind === 'self') return publicUrl
  const material =
    tls.kind === 'files' ? await readCertificateAndKey(tls.certFile, tls.keyFile) : undefined
  const ca =
    tls.clientCaFile === undefined ? undefined : await readClientAuthorities(tls.clientCaFile)
  const apiRoutes = lockedApiRoutes({ log, reason })
  const apiServer = material
    ? createTlsServer(services, apiRoutes, { ...material, ca })
    : createPlainServer(services, apiRoutes)
  stack.defer(() => apiServer.close())
  await listenOn(apiServer, config.listen)
  return publicUrl
}
