/** Converts command flags to an endpoint's configuration: fills in defaults and validates the values. */
import {
  challengeTypes,
  estAuthentications,
  type AcmeConfiguration,
  type CertificateProfile,
  type ChallengeType,
  type EnrollmentEndpoint,
  type EstAuthentication,
  type EstConfiguration,
} from '../../enrollment/endpoint.ts'
import { patternFault, permitsPattern } from '../../enrollment/permitted-names.ts'
import { ConfigurationError } from '../../errors.ts'
import { requireTemplate } from '../../issuance/templates.ts'
import type { ActiveAuthority } from '../../server/tls/own-authority.ts'
import { daySeconds, durationForm, formatSeconds, parseSeconds } from '../../text/duration.ts'
import { isoSeconds } from '../../text/iso-time.ts'

/**
 * Flags shared by the commands of both protocols. If a flag is undefined, an existing endpoint keeps its value, and a new
 * endpoint uses the default.
 */
export interface CommonOptions {
  /** Name of the template, with or without its version. */
  readonly template?: string | undefined
  readonly validitySeconds?: number | undefined
  /** Comma-separated name patterns; `*` for all names. */
  readonly names?: string | undefined
}

export interface AcmeOptions extends CommonOptions {
  /** Comma-separated challenge types, or `none`. */
  readonly challenges?: string | undefined
  readonly eab?: AcmeConfiguration['eab'] | undefined
  /** Profiles in the form `NAME=VALIDITY[,TEMPLATE]`, or `none`. */
  readonly profiles?: readonly string[] | undefined
}

export interface EstOptions extends CommonOptions {
  readonly authentication?: EstAuthentication | undefined
  /** ARN of a CA, or `none`. */
  readonly clientAuthorityArn?: string | undefined
  readonly serverKeyGeneration?: boolean | undefined
}

/** Value of `--client-ca` that removes the endpoint's client CA. */
export const noClientAuthority = 'none'

const validityDefault = 90 * daySeconds
/** Maximum and default validity at endpoints of a CA with the usage mode SHORT_LIVED_CERTIFICATE, in seconds. */
const shortLivedMax = 7 * daySeconds
const validityMin = 60
const validityMax = 100 * 366 * daySeconds
const namesMax = 100
const profilesMax = 20
const profileForm = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/

/**
 * Returns the configuration of an ACME endpoint. Throws ConfigurationError. `before` is the current configuration of an endpoint
 * that is being updated.
 */
export function acmeConfiguration(
  options: AcmeOptions,
  authority: ActiveAuthority,
  before?: AcmeConfiguration,
): AcmeConfiguration {
  const challenges =
    options.challenges === undefined
      ? (before?.challenges ?? challengeTypes)
      : challengesOf(options.challenges)
  const eab = options.eab ?? before?.eab ?? (challenges.length === 0 ? 'required' : 'off')
  if (challenges.length === 0 && eab !== 'required')
    throw new ConfigurationError(
      `--challenges none cannot be combined with --eab ${eab}: anyone who reaches the server could get certificates for the names; use --eab required`,
    )
  const main = mainProfile(options, authority, before ?? serverProfile)
  const profiles =
    options.profiles === undefined
      ? checkedProfiles(before?.profiles ?? {}, authority)
      : profilesOf(options.profiles, authority, main)
  return { ...main, names: namesOf(options) ?? before?.names ?? [], challenges, eab, profiles }
}

/**
 * Returns the configuration of an EST endpoint. Throws ConfigurationError. `before` is the current configuration of an endpoint
 * that is being updated.
 */
export function estConfiguration(
  options: EstOptions,
  authority: ActiveAuthority,
  before?: EstConfiguration,
): EstConfiguration {
  return {
    ...mainProfile(options, authority, before ?? clientProfile),
    names: namesOf(options) ?? before?.names ?? [],
    authentication: options.authentication ?? before?.authentication ?? estAuthentications[0],
    clientAuthorityArn:
      options.clientAuthorityArn === noClientAuthority
        ? undefined
        : (options.clientAuthorityArn ?? before?.clientAuthorityArn),
    serverKeyGeneration: options.serverKeyGeneration ?? before?.serverKeyGeneration ?? false,
  }
}

const serverProfile = { template: 'EndEntityServerAuthCertificate/V1' }
/** For a renewal, a device authenticates with its certificate, so the certificate must be valid for client authentication. */
const clientProfile = { template: 'EndEntityClientAuthCertificate/V1' }

function mainProfile(
  options: CommonOptions,
  authority: ActiveAuthority,
  before: Partial<CertificateProfile> & Pick<CertificateProfile, 'template'>,
): CertificateProfile {
  const usual = authority.usageMode === 'GENERAL_PURPOSE' ? validityDefault : shortLivedMax
  const profile = {
    template: options.template === undefined ? before.template : templateOf(options.template),
    validitySeconds: options.validitySeconds ?? before.validitySeconds ?? usual,
  }
  requireValidity('--validity', profile, authority)
  return profile
}

/**
 * Returns the patterns in the `--names` flag, or undefined if the flag is absent. Throws ConfigurationError for an invalid
 * pattern.
 */
function namesOf({ names }: Pick<CommonOptions, 'names'>): readonly string[] | undefined {
  if (names === undefined) return undefined
  if (names === '*') return []
  const patterns = names.split(',').map((name) => name.trim().toLowerCase())
  for (const pattern of patterns) {
    const fault = patternFault(pattern)
    if (fault !== undefined) throw new ConfigurationError(`--names: '${pattern}' ${fault}`)
  }
  if (patterns.length > namesMax)
    throw new ConfigurationError(`--names: at most ${namesMax} names are allowed`)
  return [...new Set(patterns)]
}

/**
 * Returns the patterns in the `--names` flag of an EAB key or a password, or undefined if the flag is absent. Throws
 * ConfigurationError for a pattern that exceeds the names of the endpoint, because the endpoint would refuse such names.
 */
export function namesWithin(
  options: Pick<CommonOptions, 'names'>,
  { protocol, name, configuration: { names: permitted } }: EnrollmentEndpoint,
): readonly string[] | undefined {
  const names = namesOf(options)
  const outside = names?.filter((pattern) => !permitsPattern(permitted, pattern)) ?? []
  if (permitted.length > 0 && outside.length > 0)
    throw new ConfigurationError(
      `--names: the ${protocol.toUpperCase()} endpoint ${name} does not permit ${outside.join(', ')}; it permits ${permitted.join(', ')}`,
    )
  return names
}

/** Returns the challenges in a comma-separated list, in the order of `challengeTypes`. */
function challengesOf(text: string): readonly ChallengeType[] {
  if (text === 'none') return []
  const words: readonly string[] = text.split(',').map((word) => word.trim())
  const known: readonly string[] = challengeTypes
  const unknown = words.find((word) => !known.includes(word))
  if (unknown !== undefined)
    throw new ConfigurationError(
      `--challenges: '${unknown}' must be one of ${[...known, 'none'].join(', ')}`,
    )
  return challengeTypes.filter((type) => words.includes(type))
}

/**
 * Returns a template's full name. Throws ConfigurationError for a nonexistent template, and for a template that issues CA or OCSP
 * responder certificates. Templates that copy extensions from CSRs are refused too, because the permitted names do not limit the
 * copied extensions.
 */
function templateOf(text: string): string {
  const [, name = ''] =
    /^(?:arn:[a-z0-9-]+:acm-pca:::template\/)?(\w{1,100})(?:\/V1)?$/.exec(text) ?? []
  const reason = templateFault(name)
  if (reason !== undefined) throw new ConfigurationError(`--template: ${text} ${reason}`)
  return `${name}/V1`
}

function templateFault(name: string): string | undefined {
  try {
    const { kind, csr } = requireTemplate(name)
    if (kind !== 'end-entity') return 'issues CA certificates; use an end-entity template'
    if (name.startsWith('OCSPSigning')) return 'issues certificates of OCSP responders'
    return csr
      ? 'copies extensions from the CSR, but the permitted names do not restrict extensions; use a template without CSRPassthrough'
      : undefined
  } catch (error) {
    return `is not a template: ${(error as Error).message}`
  }
}

type Profiles = AcmeConfiguration['profiles']

function profilesOf(
  texts: readonly string[],
  authority: ActiveAuthority,
  main: CertificateProfile,
): Profiles {
  if (texts.length === 1 && texts[0] === 'none') return {}
  if (texts.length > profilesMax)
    throw new ConfigurationError(`--profile: at most ${profilesMax} profiles are allowed`)
  const profiles = texts.map((text): [string, Profiles[string]] => {
    const [, name = '', validity = '', template] = /^([^=]*)=([^,]*)(?:,(.*))?$/.exec(text) ?? []
    const validitySeconds = parseSeconds(validity)
    if (!profileForm.test(name) || validitySeconds === undefined)
      throw new ConfigurationError(
        `--profile: '${text}' must be NAME=VALIDITY or NAME=VALIDITY,TEMPLATE: NAME has up to 64 letters, digits, dots, hyphens and underscores, and VALIDITY is ${durationForm}`,
      )
    const profile = {
      template: template === undefined ? main.template : templateOf(template),
      validitySeconds,
    }
    const [stem = ''] = profile.template.split('/')
    return [name, { ...profile, description: `${formatSeconds(validitySeconds)}, ${stem}` }]
  })
  if (new Set(profiles.map(([name]) => name)).size < profiles.length)
    throw new ConfigurationError('--profile: two profiles have the same name')
  return checkedProfiles(Object.fromEntries(profiles), authority)
}

function checkedProfiles(profiles: Profiles, authority: ActiveAuthority): Profiles {
  for (const [name, profile] of Object.entries(profiles))
    requireValidity(`--profile ${name}`, profile, authority)
  return profiles
}

function requireValidity(
  flag: string,
  { validitySeconds }: CertificateProfile,
  { usageMode }: ActiveAuthority,
): void {
  if (validitySeconds < validityMin || validitySeconds > validityMax)
    throw new ConfigurationError(`${flag}: the validity must be from 1 minute to 100 years`)
  if (usageMode === 'SHORT_LIVED_CERTIFICATE' && validitySeconds > shortLivedMax)
    throw new ConfigurationError(
      `${flag}: a CA with the usage mode SHORT_LIVED_CERTIFICATE issues certificates that are valid for at most 7 days, not ${formatSeconds(validitySeconds)}`,
    )
}

/**
 * Returns a warning if clients need a certificate before they can get one. Returns another warning for each validity that would
 * outlive the CA certificate, because the CA refuses to issue certificates that outlive its own.
 */
export function configurationWarnings(
  configuration: AcmeConfiguration | EstConfiguration,
  { certificate: { notAfter } }: ActiveAuthority,
  now: Date,
): readonly string[] {
  const profiles = 'profiles' in configuration ? Object.entries(configuration.profiles) : []
  const latest = (notAfter.getTime() - now.getTime()) / 1000
  const lifetimes = [['', configuration] as const, ...profiles].flatMap(
    ([name, { validitySeconds }]) =>
      validitySeconds <= latest
        ? []
        : `a certificate ${name && `of the profile ${name} `}that is valid for ${formatSeconds(validitySeconds)} would outlive the CA certificate, which expires at ${isoSeconds(notAfter)}; the CA refuses to issue it`,
  )
  const needsOwnCertificate =
    'authentication' in configuration &&
    configuration.authentication === 'both' &&
    configuration.clientAuthorityArn === undefined
  return needsOwnCertificate ? [ownCertificateWarning, ...lifetimes] : lifetimes
}

const ownCertificateWarning =
  "with --authentication both and without --client-ca, a device needs a certificate of the endpoint's CA before it can enroll; accept certificates of another CA with --client-ca"
