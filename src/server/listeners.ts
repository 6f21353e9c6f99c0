/** The API listener and the public listener of a process that answers requests. */
import { createFailureLimiter } from '../access/failure-limiter.ts'
import { createCallRecorder } from '../call-log/call-recorder.ts'
import { readClientSecret } from '../console/sso/client-secret.ts'
import { createProvider } from '../console/sso/provider.ts'
import { ssoRoutes } from '../console/sso/sso-routes.ts'
import { consoleRoutes } from '../console/static-routes.ts'
import { createBodyBudget, type BodyBudget } from '../http/body/budget.ts'
import type { Health } from '../http/health.ts'
import type { ApiServices } from '../http/protocol.ts'
import type { Route } from '../http/route.ts'
import { publicRoutes } from '../http/routes.ts'
import { createApiServer, createPlainServer } from '../http/server.ts'
import { createOcspRoute } from '../ocsp/handler.ts'
import type { Address } from '../settings/parse-values.ts'
import { createApiServices, loadTokenVerification } from './api-services.ts'
import type { ProcessServices } from './create-services.ts'
import { listenOn, type ReservedPort } from './public-port.ts'
import type { Runtime } from './runtime.ts'
import type { SharedState } from './shared-state.ts'
import { keepCertificate, openTlsSource, type TlsSource } from './tls/certificate-source.ts'

export interface Listeners {
  readonly apiUrl: string
  /** Reloads the certificate of the API listener. Throws ConfigurationError if it is invalid. */
  readonly reload: () => Promise<void>
}

interface ListenersOptions extends ProcessServices {
  readonly shared: SharedState
  /** A port that is already bound, or an address. `reusePort` means that other processes also have a socket on the port. */
  readonly publicPort: ReservedPort | (Address & { readonly reusePort: boolean })
}

/** Objects that both listeners use. */
interface CommonServices {
  readonly health: Health
  readonly budget: BodyBudget
}

/** Starts the public listener, then the API listener. Throws ConfigurationError for an invalid certificate or a port in use. */
export async function startListeners(
  runtime: Runtime,
  options: ListenersOptions,
): Promise<Listeners> {
  const { config } = runtime
  const tls = await openTlsSource(config)
  const { health } = options.services.server
  const common = { health, budget: createBodyBudget(config.limits.bodyMemoryBytes) }
  await startPublicListener(runtime, options, common)
  return startApiListener(runtime, { ...options, tls }, common)
}

async function startPublicListener(
  { config, clock, random, log, stack }: Runtime,
  { services, publicObjects, publicPort }: ListenersOptions,
  { health, budget }: CommonServices,
): Promise<void> {
  const { limits, basePath } = config
  const ocsp = createOcspRoute({ responder: services.ocsp, clock })
  const server = createPlainServer(
    { log, random, limits, basePath, budget },
    publicRoutes({ services, publicObjects, health, ocsp, isLogPublic: config.logPublic }),
  )
  stack.defer(() => server.close())
  services.metrics.observe('openConnections', () => ({ public: server.openConnections() }))
  await listenOn(server, publicPort)
}

async function startApiListener(
  runtime: Runtime,
  { services, shared, tls }: ListenersOptions & { readonly tls: TlsSource | undefined },
  common: CommonServices,
): Promise<Listeners> {
  const { config, clock, log, stack } = runtime
  const { limits, basePath } = config
  const callLog =
    shared.callLog && createCallRecorder(shared.callLog, { required: config.callLogRequired })
  stack.defer(() => callLog?.flush())
  const failureLimiter = createFailureLimiter(limits.authFailuresPerMinute, clock)
  const { rateLimiter } = shared
  const api = createApiServices(runtime, services, { rateLimiter, failureLimiter, callLog })
  const material = await tls?.first(services)
  const hasMetricsListener = config.metricsListen !== undefined
  const console = config.console ? await openConsoleRoutes(runtime, api) : []
  const parts = { ...api, ...common, limits, basePath, hasMetricsListener, console }
  const server = createApiServer(parts, material)
  stack.defer(() => server.close())
  services.metrics.observe('openConnections', () => ({ api: server.openConnections() }))
  const keeper = tls && keepCertificate(tls, services, server)
  stack.defer(() => keeper?.stop())
  const apiUrl = await listenOn(server, config.listen)
  loadTokenVerification(log)
  return {
    apiUrl,
    async reload() {
      await keeper?.refresh()
    },
  }
}

/** Returns the routes of the web console and of its single sign-on. Throws ConfigurationError for an unusable client secret. */
async function openConsoleRoutes(
  { config, clock }: Runtime,
  api: ApiServices,
): Promise<readonly Route[]> {
  const { basePath, sso } = config
  const files = consoleRoutes({ basePath, ssoIssuer: sso?.issuer })
  if (sso === undefined) return files
  if (sso.clientSecretFile !== undefined) await readClientSecret(sso.clientSecretFile)
  return [...ssoRoutes({ api, provider: createProvider(sso, { clock }), basePath }), ...files]
}
