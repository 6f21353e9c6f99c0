/** The listeners of a process that serves requests: the API listener, the public listener and the enrollment listener. */
import { acmeRoutes } from '../acme/handler/routes.ts'
import type { AcmeServices } from '../acme/resource.ts'
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
import { showCertificate } from '../http/tls.ts'
import { estRoutes } from '../est/routes.ts'
import { createOcspRoute } from '../ocsp/handler.ts'
import type { Services } from '../services.ts'
import type { Address } from '../settings/parse-values.ts'
import { createApiServices, loadTokenVerification } from './api-services.ts'
import type { ProcessServices } from './create-services.ts'
import { openEnrollSource, startEnrollListener } from './enroll-listener.ts'
import { listenOn, type ReservedPort } from './public-port.ts'
import type { Runtime } from './runtime.ts'
import type { SharedState } from './shared-state.ts'
import { keepCertificate, type CertificateKeeper } from './tls/certificate-keeper.ts'
import { openTlsSource, type TlsSource } from './tls/certificate-source.ts'
import type { ListenerUrls } from './workers/messages.ts'

interface Listeners extends ListenerUrls {
  /**
   * Checks for new TLS certificates. If a new certificate is invalid, the error is logged and the previous certificate stays in
   * use.
   */
  readonly reload: () => Promise<void>
}

interface ListenersOptions extends ProcessServices {
  readonly shared: SharedState
  /**
   * A port that is already bound, or an address. `reusePort` means that other processes also listen on the port with their own
   * sockets.
   */
  readonly publicPort: ReservedPort | (Address & { readonly reusePort: boolean })
}

/** Objects that all listeners of the process use. */
interface CommonServices {
  readonly health: Health
  readonly budget: BodyBudget
}

/**
 * Starts the public listener, the API listener and the enrollment listener. Throws ConfigurationError if a certificate is
 * invalid or a port is in use.
 */
export async function startListeners(
  runtime: Runtime,
  options: ListenersOptions,
): Promise<Listeners> {
  const { config } = runtime
  const { services } = options
  const tls = await openTlsSource(config)
  const common = {
    health: services.server.health,
    budget: createBodyBudget(config.limits.bodyMemoryBytes),
  }
  await startPublicListener(runtime, options, common)
  const certificate = tls && (await keep(runtime, services, tls))
  const api = createApi(runtime, options)
  const apiUrl = await startApiListener(runtime, api, { ...common, certificate })
  const { enrollment } = config
  if (enrollment === undefined)
    return { apiUrl, enrollUrl: undefined, reload: async () => certificate?.refresh() }
  const own =
    certificate ?? (await keep(runtime, services, await openEnrollSource(runtime, enrollment)))
  const enrollUrl = await startEnrollListener(runtime, enrollment, {
    services,
    budget: common.budget,
    certificate: own,
    routes: (site) => ({
      acme: acmeRoutes(acmeServices(runtime, api, options.shared), site),
      est: estRoutes({ api }),
    }),
  })
  return { apiUrl, enrollUrl, reload: () => own.refresh() }
}

function acmeServices(
  { data: { masterKeys } }: Runtime,
  api: ApiServices,
  { accountChanges }: SharedState,
): AcmeServices {
  return {
    api,
    sealers: masterKeys.sealers('acme binding keys'),
    nonceAuthenticator: masterKeys.tokenAuthenticator('acme nonces'),
    accountChanges,
  }
}

async function keep(
  { stack }: Runtime,
  services: Services,
  source: TlsSource,
): Promise<CertificateKeeper> {
  const keeper = await keepCertificate(source, services)
  stack.defer(() => keeper.stop())
  return keeper
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

/** Creates the services of the API pipeline for the process's listeners. */
function createApi(
  runtime: Runtime,
  { services, shared }: ListenersOptions,
): ReturnType<typeof createApiServices> {
  const { config, clock, stack } = runtime
  const callLog =
    shared.callLog && createCallRecorder(shared.callLog, { required: config.callLogRequired })
  stack.defer(() => callLog?.flush())
  const failureLimiter = createFailureLimiter(config.limits.authFailuresPerMinute, clock)
  const { rateLimiter } = shared
  return createApiServices(runtime, services, { rateLimiter, failureLimiter, callLog })
}

async function startApiListener(
  runtime: Runtime,
  api: ReturnType<typeof createApiServices>,
  {
    certificate,
    ...common
  }: CommonServices & { readonly certificate: CertificateKeeper | undefined },
): Promise<string> {
  const { config, log, stack } = runtime
  const { limits, basePath } = config
  const hasMetricsListener = config.metricsListen !== undefined
  const console = config.console ? await openConsoleRoutes(runtime, api) : []
  const parts = { ...api, ...common, limits, basePath, hasMetricsListener, console }
  const server = createApiServer(parts, certificate?.material)
  stack.defer(() => server.close())
  api.services.metrics.observe('openConnections', () => ({ api: server.openConnections() }))
  certificate?.follow({
    name: 'API listener',
    show: (material) => showCertificate(server, material),
  })
  const url = await listenOn(server, config.listen)
  loadTokenVerification(log)
  return url
}

/**
 * Returns the routes of the web console and of its single sign-on. Throws ConfigurationError if the client secret is unusable.
 */
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
