/**
 * The listener for ACME and EST, which always uses TLS. The enrollment listener uses the API listener's certificate. If the API
 * has no TLS, the server issues a certificate for the enrollment listener under its own root. While EST endpoints exist, the
 * listener requests a client certificate, because EST clients can authenticate with a certificate. ACME clients send no
 * certificate. An embedded CA has no enrollment listener, because its host process serves the requests.
 */
import type { BodyBudget } from '../http/body/budget.ts'
import { limitCertificateRequests } from '../http/certificate-requests.ts'
import { enrollErrorAnswer, enrollRoutes, type ProtocolRoutes } from '../http/enroll-routes.ts'
import { createEnrollSite, type EnrollSite } from '../http/enroll-site.ts'
import { createHandshakeBudget } from '../http/handshake-budget.ts'
import { createTlsServer } from '../http/server.ts'
import { showCertificate, type TlsMaterial } from '../http/tls.ts'
import { createLocalKeyStore } from '../keys/local-key-store.ts'
import type { Services } from '../services.ts'
import type { EnrollmentConfig } from '../settings/enrollment-config.ts'
import { hasEndpoint } from '../store/enrollment/endpoints.ts'
import { createKeyRecords } from '../store/keys.ts'
import { urlHost } from '../text/ip-address.ts'
import { listenOn } from './public-port.ts'
import type { Runtime } from './runtime.ts'
import type { CertificateKeeper } from './tls/certificate-keeper.ts'
import { openRootSource, type TlsSource } from './tls/certificate-source.ts'
import { enrollNames, uncoveredNames } from './tls/listener-names.ts'

interface EnrollListenerOptions {
  readonly services: Services
  readonly budget: BodyBudget
  readonly certificate: CertificateKeeper
  /** Creates the routes for ACME and EST. */
  readonly routes: (site: EnrollSite) => ProtocolRoutes
}

/** Opens the source that issues the listener's certificate under the server's own root. */
export function openEnrollSource(
  { config, data, clock, random }: Runtime,
  { names = [] }: EnrollmentConfig,
): Promise<TlsSource> {
  const records = createKeyRecords(data.db, clock, 'listener:enroll')
  const keys = createLocalKeyStore({ records, sealers: data.masterKeys.sealers('keys'), random })
  return openRootSource(config, keys, names)
}

/**
 * Starts the enrollment listener and returns its URL, which contains the listener's first name that is not a wildcard. Throws
 * ConfigurationError if the port is in use or the listener has no name.
 */
export async function startEnrollListener(
  { config, clock, random, log, stack }: Runtime,
  enrollment: EnrollmentConfig,
  { services, budget, certificate, routes }: EnrollListenerOptions,
): Promise<string> {
  let names = enrollNames(enrollment, certificate.material.cert)
  const uncovered = uncoveredNames(enrollment, certificate.material.cert)
  if (uncovered.length > 0)
    log.warn(
      { names: uncovered },
      'the certificate in --tls-cert is not valid for some names in --enroll-names',
    )
  const site = createEnrollSite(() => names)
  const { health } = services.server
  const server = createTlsServer(
    // The enrollment listener has no path prefix. Enrollment clients authenticate with TLS, so the listener cannot be behind a
    // reverse proxy.
    { log, random, limits: config.limits, budget, errorFormat: enrollErrorAnswer },
    enrollRoutes({ log, health, site, ...routes(site) }),
    requestingCertificates(certificate.material),
  )
  limitCertificateRequests(server.server, {
    budget: createHandshakeBudget(clock),
    isUsed: useOfCertificates(services),
  })
  stack.defer(() => server.close())
  services.metrics.observe('openConnections', () => ({ enroll: server.openConnections() }))
  certificate.follow({
    name: 'enrollment listener',
    show(material) {
      names = enrollNames(enrollment, material.cert)
      showCertificate(server, requestingCertificates(material))
    },
  })
  const { port } = new URL(await listenOn(server, enrollment.listen))
  return urlOf(names, port)
}

/** Time for which the server remembers whether EST endpoints exist. */
const rememberedMilliseconds = 60_000

/**
 * Creates a function that returns whether the server might have EST endpoints. The result is true if the database cannot be read.
 */
function useOfCertificates({ db, clock }: Services): () => boolean | Promise<boolean> {
  let rememberedUntil = 0
  const read = async (): Promise<boolean> => {
    const hasOne = await hasEndpoint(db, 'est').catch(() => true)
    if (hasOne) rememberedUntil = clock.now().getTime() + rememberedMilliseconds
    return hasOne
  }
  return () => clock.now().getTime() < rememberedUntil || read()
}

/** Enrollment clients may send any certificate or no certificate, even if API clients must send a certificate. */
function requestingCertificates({ cert, key }: TlsMaterial): TlsMaterial {
  return { cert, key, ca: undefined, requestsAnyCertificate: true }
}

function urlOf(names: readonly string[], port: string): string {
  const name = names.find((one) => !one.startsWith('*.')) ?? 'HOST'
  return `https://${urlHost(name)}${port === '' ? '' : `:${port}`}`
}
