/** Assembles a CA in a process that has other tasks: it has no listener, handles no signals and prints nothing. */
import { createClient, type Client, type ClientOptions } from '../client/index.ts'
import { createFailureLimiter } from '../src/access/failure-limiter.ts'
import { systemClock } from '../src/clock.ts'
import { bucketsFolder, type DataFolder } from '../src/data-folder/data-folder.ts'
import { ConfigurationError } from '../src/errors.ts'
import { createJobs } from '../src/jobs/index.ts'
import { createBucket } from '../src/objects/embedded-buckets.ts'
import { systemRandom, uuid } from '../src/random.ts'
import { createApiServices } from '../src/server/api-services.ts'
import { createServices, type ProcessServices } from '../src/server/create-services.ts'
import { openOwnData } from '../src/server/open-data.ts'
import { startProcess, type ProcessContext, type Runtime } from '../src/server/runtime.ts'
import { createOwnState, type SharedState } from '../src/server/shared-state.ts'
import type { Config } from '../src/settings/config.ts'
import { findAccessKey } from '../src/store/access-keys.ts'
import type { Credentials } from '../src/text/credentials-file.ts'
import { readCredentials } from './credentials.ts'
import { createGate, type Gate } from './gate.ts'
import { openLog } from './logs.ts'
import { configOf, type EmbeddedOptions } from './options.ts'
import { makePrivateFolder } from '../src/data-folder/private-folder.ts'
import { createFetchPublic, type FetchPublic } from './public.ts'
import { createRequestHandler, type EmbeddedRequestHandler } from './request-handler.ts'
import { silentMetrics } from './silent-metrics.ts'

export interface EmbeddedCa extends AsyncDisposable {
  /** The client of `signet-ca/client`, with the administrator's credentials. */
  readonly client: Client
  /** For clients of an AWS SDK for JavaScript v3: AWS Private CA, and STS. */
  readonly requestHandler: EmbeddedRequestHandler
  /** A URL that such a client can be given, since it wants one; nothing is there. */
  readonly endpoint: string
  readonly region: string
  /** The administrator's. */
  readonly credentials: Credentials
  readonly accountId: string
  /** Absolute path; commands can be given it with `--data`. A CA in memory has one too, until it is closed. */
  readonly dataDirectory: string
  /** What certificates say about where CRLs, OCSP and CA certificates are; without a slash at the end. */
  readonly publicUrl: string
  /** As `fetch`, for CRLs, OCSP and CA certificates of this CA; no other machine is asked. */
  readonly fetchPublic: FetchPublic
  /** Makes a bucket for CRLs and audit reports. Throws Error if there is one of that name, or the name is none. */
  createBucket(name: string): Promise<void>
  /** Finishes what is running, and closes; a CA in memory is gone then. Doing so again is not an error. */
  close(): Promise<void>
}

const endpoint = 'http://signet.embedded'
const regionDefault = 'us-east-1'
const memory = ':memory:'

/**
 * Opens a CA in this process. Throws Error, with a message for people, for a bad option, for a data folder that is in use,
 * and for one that is no good.
 */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<EmbeddedCa> {
  const gate = createGate()
  const ca = await startProcess(async (stack) => {
    const { data = memory, region = regionDefault } = options
    const isPrivate = data === memory
    const directory = isPrivate ? makePrivateFolder(stack) : data
    const config = configOf(options, directory)
    const context = await createContext(config, options, gate)
    // In memory a commit waits for no disk, and a thread would only take time to start.
    const opened = await openOwnData(config, context, { stack, writesHere: isPrivate })
    const { runtime } = opened
    const credentials = options.credentials ?? (await readCredentials(opened.credentials.path))
    const accountId = await accountOf(runtime.data, credentials)
    const shared = await createOwnState(runtime, silentMetrics)
    const { publicUrl = '' } = config
    const created = await createServices(runtime, { ...shared, publicUrl })
    const interfaces = createInterfaces(runtime, { ...created, shared, gate, publicUrl })
    shared.startJobs(createJobs(config), created.services)
    const client = createQuickClient({
      region,
      endpoint,
      credentials,
      requestHandler: interfaces.requestHandler,
      // SDKs detect a clock that differs from theirs only by a request that is refused.
      systemClockOffset: context.clock.now().getTime() - systemClock.now().getTime(),
    })
    stack.defer(async () => {
      gate.shut(new Error('the embedded CA is closed'))
      await gate.idle()
      client.close()
    })
    const createBucketOf = (name: string): Promise<void> =>
      gate.pass(() =>
        createBucket(bucketsFolder(config), { name, accountId, createdAt: context.clock.now() }),
      )
    const { dataDirectory } = config
    const properties = { endpoint, region, credentials, accountId, dataDirectory, publicUrl }
    return { ...properties, ...interfaces, client, createBucket: createBucketOf }
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= ca.close())
  return { ...ca, close, [Symbol.asyncDispose]: close }
}

async function createContext(
  { logLevel }: Config,
  { clock = systemClock }: EmbeddedOptions,
  gate: Gate,
): Promise<ProcessContext> {
  const log = await openLog(logLevel)
  return {
    clock,
    random: systemRandom,
    log,
    onFailure(cause) {
      log.fatal({ err: cause }, 'the database failed; nothing can be promised any more')
      gate.shut(new Error('the database of the embedded CA failed', { cause }))
    },
  }
}

interface InterfacesOptions extends ProcessServices {
  readonly shared: SharedState
  readonly gate: Gate
  readonly publicUrl: string
}

/** What the two listeners of a server offer, as functions. */
function createInterfaces(
  runtime: Runtime,
  { services, publicObjects, shared, gate, publicUrl }: InterfacesOptions,
): Pick<EmbeddedCa, 'requestHandler' | 'fetchPublic'> {
  const { clock, random } = runtime
  const requestId = (): string => uuid(random)
  const api = createApiServices(runtime, services, {
    rateLimiter: shared.rateLimiter,
    // A caller in this process need not guess a secret.
    failureLimiter: createFailureLimiter(0, clock),
    callLog: undefined,
  })
  return {
    requestHandler: createRequestHandler({ api, gate, requestId }),
    fetchPublic: createFetchPublic({ services, publicObjects, gate, requestId, publicUrl }),
  }
}

/** The default waits of the client suit a remote service. */
const waiter = { Delay: 0.01, MaxAttempts: 12_000 }

/** A client that polls more often whether a certificate or a CA is ready. */
function createQuickClient(options: ClientOptions): Client {
  const client = createClient(options)
  return {
    ...client,
    issue: (request) => client.issue({ ...request, waiter: { ...waiter, ...request.waiter } }),
    createHierarchy: (request) =>
      client.createHierarchy({ ...request, waiter: { ...waiter, ...request.waiter } }),
  }
}

async function accountOf(
  { db, sealer }: DataFolder,
  { accessKeyId }: Credentials,
): Promise<string> {
  const key = await findAccessKey(db, sealer, accessKeyId)
  if (key !== undefined) return key.accountId
  throw new ConfigurationError(`the data folder has no access key ${accessKeyId}`)
}
