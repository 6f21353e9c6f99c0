/** The composition root of a CA in a process that has other things to do: no listener, no signal, nothing printed. */
import { createFailureLimiter } from '../src/access/failure-limiter.ts'
import { createApiServices } from '../src/server/api-services.ts'
import { createCore } from '../src/server/core.ts'
import { openOwnData, recordLastUses } from '../src/server/open-data.ts'
import type { ProcessContext } from '../src/server/make-services.ts'
import { systemClock } from '../src/clock.ts'
import type { Config } from '../src/settings/config.ts'
import { bucketsFolder, type DataFolder } from '../src/data-folder/data-folder.ts'
import { ConfigurationError } from '../src/errors.ts'
import { createRequestIds } from '../src/http/request-ids.ts'
import { createBucket } from '../src/objects/embedded-buckets.ts'
import { systemRandom } from '../src/random.ts'
import { findAccessKey } from '../src/store/access-keys.ts'
import type { Ownership } from '../src/store/sqlite/ownership.ts'
import { createOwnWriter } from '../src/store/sqlite/writer-client.ts'
import { servedRegions } from '../src/wire/region.ts'
import { createClient, type Client, type ClientOptions } from '../client/index.ts'
import type { Credentials } from '../src/text/credentials-file.ts'
import { readCredentials } from './credentials.ts'
import { createGate, type Gate } from './gate.ts'
import { openLog } from './logs.ts'
import { configOf, type EmbeddedOptions } from './options.ts'
import { makePrivateFolder, removePrivateFolder } from './private-folder.ts'
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
  const stack = new AsyncDisposableStack()
  try {
    const isPrivate = (options.data ?? memory) === memory
    const directory = isPrivate ? makePrivateFolder() : (options.data as string)
    if (isPrivate) stack.defer(() => removePrivateFolder(directory))
    const config = configOf(options, directory)
    const gate = createGate()
    const clock = options.clock ?? systemClock
    const log = await openLog(config.logLevel)
    const onFailure = (cause: Error): void => {
      log.fatal({ err: cause }, 'the database failed; nothing can be promised any more')
      gate.shut(new Error('the database of the embedded CA failed', { cause }))
    }
    const surroundings = { clock, random: systemRandom, log, onFailure }
    // In memory a commit waits for no disk, and a thread would only take time to start.
    const writer = isPrivate && {
      writer: (path: string, ownership: Ownership | undefined) =>
        createOwnWriter(path, { ownership, onFailure }),
    }
    const { data, credentials } = await openOwnData(config, { ...surroundings, stack, ...writer })
    const administrator = options.credentials ?? (await readCredentials(credentials.path))
    const accountId = await accountOf(data, administrator)
    const answering = await startAnswering(config, { ...surroundings, data, stack, gate })
    const { region = regionDefault } = options
    const { requestHandler } = answering
    const client = createQuickClient({
      region,
      endpoint,
      credentials: administrator,
      requestHandler,
      // SDKs find out by themselves that a clock is not theirs, by a request that is refused.
      systemClockOffset: clock.now().getTime() - systemClock.now().getTime(),
    })
    const about = { region, endpoint, accountId, credentials: administrator }
    return embeddedCa({ ...about, ...answering, config, clock, client, gate, stack })
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** Waits of the client are for a service that is far away. */
const waiter = { Delay: 0.01, MaxAttempts: 12_000 }

/** One that looks more often whether what it made is ready. */
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

/** Starts the jobs, and what answers. */
async function startAnswering(
  config: Config,
  {
    data,
    stack,
    gate,
    ...surroundings
  }: ProcessContext & { data: DataFolder; stack: AsyncDisposableStack; gate: Gate },
): Promise<Pick<EmbeddedCa, 'requestHandler' | 'fetchPublic' | 'publicUrl'>> {
  const metrics = silentMetrics
  const core = await createCore(config, { ...surroundings, data, stack, metrics })
  const { services, startJobs, rateLimiter, publicObjects, place } = core
  stack.defer(() => recordLastUses(services))
  startJobs()
  // Whoever is in this process need not guess.
  const failureLimiter = createFailureLimiter(0, surroundings.clock)
  const regions = servedRegions(config.regions)
  const around = { ...surroundings, rateLimiter, failureLimiter, callLog: undefined, regions }
  const api = createApiServices(services, data, around)
  const requestId = createRequestIds(surroundings.random)
  const { publicUrl } = place
  return {
    publicUrl,
    requestHandler: createRequestHandler({ api, gate, requestId }),
    fetchPublic: createFetchPublic({ services, publicObjects, gate, requestId, publicUrl }),
  }
}

type Told = Omit<
  EmbeddedCa,
  'createBucket' | 'close' | 'dataDirectory' | typeof Symbol.asyncDispose
>

interface Parts extends Told {
  readonly config: Config
  readonly clock: ProcessContext['clock']
  readonly gate: Gate
  readonly stack: AsyncDisposableStack
}

function embeddedCa({ config, clock, gate, stack, ...told }: Parts): EmbeddedCa {
  let closing: Promise<void> | undefined
  const finish = async (): Promise<void> => {
    gate.shut(new Error('the embedded CA is closed'))
    await gate.idle()
    told.client.close()
    await stack.disposeAsync()
  }
  const close = (): Promise<void> => (closing ??= finish())
  const { accountId } = told
  return {
    ...told,
    dataDirectory: config.dataDirectory,
    createBucket: (name) =>
      gate.pass(() =>
        createBucket(bucketsFolder(config), { name, accountId, createdAt: clock.now() }),
      ),
    close,
    [Symbol.asyncDispose]: close,
  }
}
